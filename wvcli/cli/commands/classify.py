"""`wvcli classify`: the group of commands about labels of texts."""

from wvcli.cli.commands.classify_check import check
from wvcli.cli.commands.classify_explain import explain
from wvcli.cli.commands.classify_predict import predict
from wvcli.cli.commands.classify_test import test
from wvcli.cli.commands.classify_train import train
from wvcli.cli.program import CLASSIFY
from wvcli.cli.streams.help import Command, CommandGroup, program

classify = program(
    "classify", "Learn labels of texts, and give them to other texts.", CommandGroup, no_args_is_help=True
)

for _function in (train, test, predict, explain, check):
    _name = _function.__name__
    classify.command(_name, cls=Command, epilog=CLASSIFY[_name].epilog)(_function)
