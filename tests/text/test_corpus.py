import bz2
import gzip
import hashlib
import lzma
import re
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from backports import zstd
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from wvcli.errors import InputError, WvcliError
from wvcli.text.corpus import Corpus

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstd.compress,
}
MEGABYTES = 5 * 2**20
SAME_FOLDER = [HealthCheck.function_scoped_fixture]  # each example overwrites the last one's file


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., str]:
    def put(content: bytes | str, name: str = "corpus.txt") -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return put


Put = Callable[..., str]


def read(*sources: str, **options: Any) -> list[str]:
    return list(Corpus(sources, **options).texts())


def refused(*sources: str, **options: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        read(*sources, **options)
    assert "\n" not in caught.value.message
    return caught.value


def read_or_refused(path: str) -> list[str] | InputError:
    try:
        return read(path)
    except InputError as error:
        return error


def from_stdin(content: bytes, *sources: str) -> "subprocess.CompletedProcess[bytes]":
    program = (
        "import sys; from wvcli.text.corpus import Corpus; from wvcli.errors import WvcliError\n"
        "try:\n"
        "    sys.stdout.buffer.write(repr(list(Corpus(sys.argv[1:]).texts())).encode())\n"
        "except WvcliError as error:\n"
        "    sys.exit('refused: ' + error.message)\n"
    )
    return subprocess.run(
        [sys.executable, "-X", "utf8", "-W", "error", "-c", program, *sources],
        input=content,
        capture_output=True,
        timeout=60,
    )


# --- which files ---


def test_files_come_in_the_order_given(put: Put) -> None:
    second, first = put("b\n", "b.txt"), put("a\n", "a.txt")
    assert read(second, first, second) == ["b", "a", "b"]


def test_a_folder_gives_all_its_files_sorted_and_no_hidden_ones(put: Put, tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.txt", "a/c/猫.txt", ".hidden", ".git/config", "a/.cache/x"):
        put(name + "\n", name)
    assert read(str(tmp_path)) == ["a/c/猫.txt", "a/z.txt", "b.txt"]


def test_a_folder_inside_a_hidden_folder_is_read_when_named(put: Put, tmp_path: Path) -> None:
    put("x\n", ".cache/corpus/a.txt")
    assert read(str(tmp_path / ".cache" / "corpus")) == ["x"]


def test_linked_folders_are_entered_and_none_of_them_twice(put: Put, tmp_path: Path) -> None:
    for name in ("data/a.txt", "data/sub/b.txt", "real/c.txt", "real/.hidden/d.txt"):
        put(name + "\n", name)
    (tmp_path / "data/link").symlink_to(tmp_path / "real")
    (tmp_path / "data/again").symlink_to(tmp_path / "real")
    (tmp_path / "data/loop").symlink_to(tmp_path / "data")
    (tmp_path / "data/aside").symlink_to(tmp_path / "data/sub")
    (tmp_path / "real/back").symlink_to(tmp_path / "data")
    (tmp_path / "data/file.txt").symlink_to(tmp_path / "real/c.txt")
    expected = ["data/a.txt", "real/c.txt", "real/c.txt", "data/sub/b.txt"]
    assert read(str(tmp_path / "data")) == expected
    (tmp_path / "to_data").symlink_to(tmp_path / "data")
    assert read(str(tmp_path / "to_data")) == expected


def test_a_glob_reads_no_file_in_a_loop_of_links_twice(put: Put, tmp_path: Path) -> None:
    for name in ("data/a.txt", "data/sub/b.txt"):
        put(name + "\n", name)
    (tmp_path / "data/loop").symlink_to(tmp_path / "data")
    assert read(f"{tmp_path}/data/**/*.txt") == ["data/a.txt", "data/sub/b.txt"]


def test_a_link_that_leads_nowhere_is_named(put: Put, tmp_path: Path) -> None:
    put("a\n", "data/a.txt")
    for name, target in (("gone.txt", tmp_path / "gone"), ("ring", tmp_path / "data/ring")):
        link = tmp_path / "data" / name
        link.symlink_to(target)
        assert f"cannot read {link}: " in refused(str(tmp_path / "data")).message
        link.unlink()
    assert read(str(tmp_path / "data")) == ["a"]


@pytest.mark.parametrize("closed", ["data/sub", "data"])
@pytest.mark.parametrize("mode", [0o000, 0o444, 0o111])
def test_a_folder_that_may_not_be_read_is_named(put: Put, tmp_path: Path, closed: str, mode: int) -> None:
    """Root may read everything, so another user tries it."""
    for name in ("data/a.txt", "data/sub/c.txt"):
        put(name + "\n", name)
    program = (
        "import os, sys; from wvcli.text.corpus import Corpus; from wvcli.errors import InputError\n"
        "os.chdir(sys.argv[1])\n"
        "os.getuid() or os.setuid(65534)\n"
        "try:\n"
        "    print(Corpus(['data']).size())\n"
        "except InputError as error:\n"
        "    print(error.message)\n"
    )
    tmp_path.chmod(0o755)
    (tmp_path / closed).chmod(mode)
    try:
        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, timeout=60
        )
    finally:
        (tmp_path / closed).chmod(0o755)
    assert done.stderr == ""
    assert done.stdout.startswith(f"cannot read {closed}")
    assert done.stdout.endswith(": permission denied\n")


def test_globs_match_files_sorted_and_in_depth(put: Put, tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", "c.md", "deep/d.txt", "folder.txt/e.dat"):
        put(name + "\n", name)
    assert read(f"{tmp_path}/*.txt") == ["a.txt", "b.txt", "folder.txt/e.dat"]
    assert read(f"{tmp_path}/**/*.txt") == ["a.txt", "b.txt", "deep/d.txt", "folder.txt/e.dat"]
    assert read(f"{tmp_path}/?.[mt]*") == ["a.txt", "b.txt", "c.md"]


def test_a_file_whose_name_looks_like_a_glob_is_read_itself(put: Put) -> None:
    put("wrong\n", "a1.txt")
    assert read(put("right\n", "a[1].txt")) == ["right"]


@pytest.mark.parametrize(
    "source",
    ["missing.txt", "missing/*.txt", "*.nothing", "", "a sentence given in place of a file " * 50, "a\0b"],
)
def test_a_source_that_names_nothing_is_refused(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("unrelated.txt").write_text("not meant\n")
    with pytest.raises(WvcliError) as caught:
        read(source)
    assert source[:80] in caught.value.message


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    assert str(tmp_path) in refused(str(tmp_path)).message


def test_an_empty_file_has_no_texts(put: Put) -> None:
    assert read(put("")) == []


def test_a_file_that_vanishes_before_it_is_read_is_named(put: Put) -> None:
    path = put("a\n")
    corpus = Corpus([path])
    Path(path).unlink()
    with pytest.raises(InputError, match=r"(?i)no (such )?file") as caught:
        list(corpus.texts())
    assert path in caught.value.message


def test_a_corpus_can_be_read_again(put: Put) -> None:
    corpus = Corpus([put("a\nb\n")])
    assert list(corpus.texts()) == list(corpus.texts()) == ["a", "b"]


# --- standard input ---


@pytest.mark.parametrize("pack", [bytes, *PACKERS.values()], ids=["plain", *PACKERS])
def test_standard_input_is_read_packed_or_not(pack: Callable[[bytes], bytes]) -> None:
    done = from_stdin(pack("\ufeff猫 a\r\nb".encode()), "-")
    assert done.stdout.decode() == repr(["猫 a", "b"]), done.stderr
    assert Corpus(["-"]).size() is None


def test_standard_input_stands_among_files(put: Put) -> None:
    path = put("file\n")
    assert from_stdin(b"typed\n", path, "-", path).stdout == b"['file', 'typed', 'file']"


@pytest.mark.parametrize(
    ("content", "said"), [(b"a\nb \xff\n", "standard input, line 2"), (b"a\0b", "standard input")]
)
def test_bad_standard_input_is_named(content: bytes, said: str) -> None:
    done = from_stdin(content, "-")
    assert done.stderr.decode().startswith("refused: ")
    assert said in done.stderr.decode()


def test_standard_input_named_twice_is_no_crash() -> None:
    done = from_stdin(b"once\n", "-", "-")
    assert done.stdout == b"['once']" or done.stderr.startswith(b"refused: "), done.stderr


def test_standard_input_arrives_in_parts() -> None:
    program = "from wvcli.text.corpus import Corpus; print(list(Corpus(['-']).texts()))"
    process = subprocess.Popen(
        [sys.executable, "-X", "utf8", "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    for byte in gzip.compress("猫\nb\n".encode()):
        process.stdin.write(bytes([byte]))
        process.stdin.flush()
    out, _ = process.communicate(timeout=60)
    assert out.decode().strip() == "['猫', 'b']"


# --- compression ---


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("name", ["right.{}", "wrong.txt", "wrong.gz", "wrong.zst", "no_suffix"])
def test_packed_text_is_known_by_its_content(put: Put, kind: str, name: str) -> None:
    assert read(put(PACKERS[kind]("eins\n猫\n".encode()), name.format(kind))) == ["eins", "猫"]


def test_plain_text_with_a_packers_suffix_is_read_as_it_is(put: Put) -> None:
    assert read(put("plain\n", "plain.gz")) == ["plain"]


@pytest.mark.parametrize("text", ["BZh is how this text begins", "BZh9 too", "(\u00b5/\u00fd"])
def test_text_that_begins_like_a_packed_file_is_read_as_it_is(put: Put, text: str) -> None:
    assert read(put(text + "\n")) == [text]


@pytest.mark.parametrize("kind", PACKERS)
def test_packed_files_joined_end_to_end_are_read_to_the_end(put: Put, kind: str) -> None:
    pack = PACKERS[kind]
    assert read(put(pack(b"one\ntw") + pack(b"o\n") + pack(b"") + pack(b"three"))) == ["one", "two", "three"]


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("kept", [0.02, 0.5, 0.9, 0.9999])
def test_a_packed_file_that_is_cut_off_is_refused(put: Put, kind: str, kept: float) -> None:
    import random

    text = " ".join(random.Random(1).choices("abcdefghij", k=200_000)).encode()
    packed = PACKERS[kind](text)
    path = put(packed[: max(6, min(len(packed) - 1, int(len(packed) * kept)))], f"cut.{kind}")
    assert path in refused(path).message


@pytest.mark.parametrize("kind", PACKERS)
def test_damage_inside_a_packed_file_is_refused(put: Put, kind: str) -> None:
    import random

    text = " ".join(random.Random(1).choices("abcdefghij", k=50_000)).encode()
    packed = bytearray(
        PACKERS[kind](text)
        if kind != "zst"
        else zstd.compress(text, options={zstd.CompressionParameter.checksum_flag: 1})
    )
    for place in (12, len(packed) // 3, len(packed) // 2):
        damaged = bytearray(packed)
        damaged[place : place + 4] = bytes(byte ^ 0x55 for byte in damaged[place : place + 4])
        path = put(bytes(damaged), f"damaged{place}.{kind}")
        texts = read_or_refused(path)
        if isinstance(texts, InputError):
            assert path in texts.message
        else:
            assert "".join(texts).encode() == text  # damage to a field nobody needs


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("place", [0, 2, 3])
def test_damage_to_a_second_member_of_a_packed_file_is_refused(put: Put, kind: str, place: int) -> None:
    first, second, third = (bytearray(PACKERS[kind](f"the cat {number}\n".encode() * 9)) for number in range(3))
    second[place] ^= 0x55
    path = put(bytes(first + second + third))
    notes: list[str] = []
    if kind == "gz" and place == 0:  # what does not begin as gzip does is left out by the program gzip, too
        assert read(path, on_note=notes.append) == ["the cat 0"] * 9
        size = len(second + third)
        assert notes == [f"{path}: the compressed data is followed by {size} bytes of other data, left out"]
    else:
        assert re.match(f"{path} is (damaged|cut off): ", refused(path).message)


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz"])
def test_zeros_after_packed_data_are_padding(put: Put, kind: str) -> None:
    notes: list[str] = []
    content = PACKERS[kind](b"one\n") + bytes(100_000) + PACKERS[kind](b"two\n") + bytes(8)
    assert read(put(content), on_note=notes.append) == ["one", "two"]
    assert not notes


@pytest.mark.parametrize("kind", ["bz2", "xz"])
def test_a_second_member_that_is_cut_off_is_refused(put: Put, kind: str) -> None:
    packed = PACKERS[kind](b"the cat\n" * 9)
    for kept in (1, 2, 5, len(packed) - 1):
        path = put(packed + packed[:kept])
        assert f"{path} is cut off" in refused(path).message


def test_an_empty_packed_file_has_no_texts(put: Put) -> None:
    for kind, pack in PACKERS.items():
        assert read(put(pack(b""), f"empty.{kind}")) == []


@settings(max_examples=150, deadline=None, suppress_health_check=SAME_FOLDER)
@given(kind=st.sampled_from(sorted(PACKERS)), place=st.integers(0, 200), byte=st.integers(0, 255))
def test_any_damage_to_a_packed_file_is_refused_or_harmless(put: Put, kind: str, place: int, byte: int) -> None:
    packed = bytearray(PACKERS[kind]("the cat sat on the mat\n猫是动物\n".encode() * 3))
    packed[place % len(packed)] = byte
    path = put(bytes(packed))
    texts = read_or_refused(path)
    assert isinstance(texts, list) or path in texts.message


# --- lines ---


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        ("a\nb\n", ["a", "b"]),
        ("a\nb", ["a", "b"]),
        ("a\r\nb\r\n", ["a", "b"]),
        ("\n\na\n\n", ["", "", "a", ""]),
        ("a\rb\n", ["a\rb"]),
        ("\ufeffa\nb\n", ["a", "b"]),
        ("a\n\ufeffb\n", ["a", "\ufeffb"]),
        (" a\t b \n", [" a\t b "]),
        *((f"猫{blank}犬\n", [f"猫{blank}犬"]) for blank in "\u3000\u00a0\u2028\u2029\u0085\x0b\x0c\x1c\x1d\x1e"),
    ],
)
def test_only_line_feeds_end_lines(put: Put, content: str, lines: list[str]) -> None:
    assert read(put(content)) == lines


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16"])
def test_carriage_returns_end_the_lines_of_a_file_that_has_no_line_feeds(put: Put, encoding: str) -> None:
    expected = [(1, "a b"), (2, ""), (3, "c"), (4, "é")]
    for end in ("", "\r"):
        corpus = Corpus([put(f"a b\r\rc\ré{end}".encode(encoding))], encoding)
        assert [(line, text) for _, line, text in corpus.located_texts()] == expected
    path = put(("a\rb\r" * 50_000 + "c").encode(encoding))
    assert read(path, encoding=encoding) == [*["a", "b"] * 50_000, "c"]


def test_a_file_that_begins_with_carriage_returns_may_go_on_with_line_feeds(put: Put) -> None:
    assert read(put("a\rb\r" * 5_000 + "c\nd\r\né\n\ne")) == [*["a", "b"] * 5_000, "c", "d", "é", "", "e"]


def test_a_return_and_line_feed_at_the_edge_of_what_is_read_are_one_line_end(put: Put) -> None:
    for length in range(8189, 8194):
        assert read(put("x" * length + "\r\nb\r\nc")) == ["x" * length, "b", "c"]
    for length in range(2**20 - 4, 2**20 + 2):
        assert read(put("a\r" + "x" * length + "\r\nb\rc"), longest_piece=2**22) == ["a", "x" * length, "b", "c"]


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("d.jsonl", '{"t": "a"}\r{"t": "b"}\r', {"field": "t"}),
        ("d", '{"t": "a"}\r{"t": "b"}\r', {"field": "t"}),
        ("d.csv", 'n,t\r1,"a"\r2,b\r', {"column": "t"}),
        ("d", "n\tt\r1\ta\r2\tb\r", {"column": "t"}),
    ],
)
def test_records_may_end_with_carriage_returns(put: Put, name: str, content: str, options: Any) -> None:
    assert read(put(content, name), **options) == ["a", "b"]


def test_a_file_of_a_byte_order_mark_alone_has_no_words(put: Put) -> None:
    assert "".join(read(put("\ufeff"))) == ""


def test_each_file_may_have_its_byte_order_mark(put: Put) -> None:
    assert read(put("\ufeffa\n", "1.txt"), put("\ufeffb\n", "2.txt")) == ["a", "b"]


lines_of_text = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\0"), max_size=20).filter(
        lambda line: not line.startswith("\ufeff")
    ),
    min_size=1,
    max_size=8,
)


@settings(deadline=None, suppress_health_check=SAME_FOLDER)
@given(
    lines=lines_of_text,
    end=st.sampled_from(["\n", "\r\n"]),
    kind=st.sampled_from([None, *PACKERS]),
    whole=st.booleans(),
    bom=st.booleans(),
)
@example(["PK"], "\n", None, False, False)
def test_any_lines_come_back(
    put: Put, lines: list[str], end: str, kind: str | None, whole: bool, bom: bool
) -> None:
    content = ("\ufeff" * bom + end.join(lines) + end * whole).encode()
    if not whole and not lines[-1]:
        lines = lines[:-1]
    path = put(PACKERS[kind](content) if kind else content)
    assert [line for line in read(path) if line] == [line for line in lines if line]
    if content.strip(b"\xef\xbb\xbf"):
        assert read(path) == lines


def test_the_fingerprint_is_of_the_text_and_not_of_its_wrapping(put: Put) -> None:
    expected = hashlib.sha256("猫\nb\n".encode()).hexdigest()
    for name, content in {
        "plain": "猫\nb\n".encode(),
        "dos": "\ufeff猫\r\nb\r\n".encode(),
        "gz": gzip.compress("猫\nb".encode()),
    }.items():
        corpus = Corpus([put(content, name)])
        list(corpus.texts())
        assert corpus.fingerprint() == expected
    other = Corpus([put("猫b\n", "other")])
    list(other.texts())
    assert other.fingerprint() != expected


@pytest.mark.parametrize("kind", [None, *PACKERS])
def test_the_bytes_reported_add_up_to_the_size(put: Put, kind: str | None) -> None:
    content = b"the cat sat\n" * 20_000
    seen: list[int] = []
    corpus = Corpus([put(PACKERS[kind](content) if kind else content)], on_bytes=seen.append)
    list(corpus.texts())
    assert sum(seen) == corpus.size()


# --- encodings ---


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("latin-1", "café ÿ"),
        ("cp1252", "“café”"),
        ("gb18030", "猫是最爱的动物。𠀀"),
        ("big5", "貓許功蓋"),
        ("shift_jis", "表示ソ"),
        ("euc_jp", "日本語"),
        ("iso2022_jp", "日本語 犬"),
        ("utf-16", "猫 😀 \u0a0d\u0d0a"),
        ("utf-16-le", "猫 \u0a0d"),
        ("utf-16-be", "猫 \u0a0a"),
        ("utf-32", "猫 😀"),
        ("utf-8-sig", "猫"),
        ("koi8-r", "кошка"),
        ("UTF8", "猫"),
        ("U8", "猫"),
    ],
)
def test_text_in_the_encoding_named_is_read(put: Put, encoding: str, text: str, line_end: str) -> None:
    assert read(put(f"{text}{line_end}{text}{line_end}".encode(encoding)), encoding=encoding) == [text, text]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf8"])
def test_a_byte_order_mark_is_no_part_of_the_first_word(put: Put, encoding: str) -> None:
    assert read(put("\ufeff猫\nb\n".encode(encoding)), encoding=encoding) == ["猫", "b"]


@pytest.mark.parametrize("blank", ["\r", "\u2028", "\u3000", "\x0c", "\u0085"])
def test_wide_encodings_end_lines_where_others_do(put: Put, blank: str) -> None:
    text = f"a{blank}b\nc\n"
    assert read(put(text.encode("utf-16"), "wide"), encoding="utf-16") == read(put(text, "narrow"))


def test_bytes_that_are_not_utf8_are_named_with_file_line_and_place(put: Put) -> None:
    path = put(b"fine\nfine too\ncaf\xe9 au lait\n")
    error = refused(path)
    assert f"{path}, line 3: byte 0xe9 at position 4" in error.message
    assert "`encoding`" in error.hint


@pytest.mark.parametrize("end", [b"\xe7", b"\xe7\x8c", b"\xf0\x9f\x8d"])
@pytest.mark.parametrize("way", ["texts", "blocks"])
def test_a_text_that_ends_within_a_character_is_told_to_be_cut_off(put: Put, end: bytes, way: str) -> None:
    path = put("one\n猫\n".encode() + "猫".encode() * 5 + end)
    assert read(path, skip_bad=True) == ["one", "猫"]
    with pytest.raises(InputError) as caught:
        list(getattr(Corpus([path]), way)())
    assert caught.value.message == (
        f"{path}, line 3: the text ends in the middle of a character, as if it had been cut off"
    )
    assert "after a whole line" in caught.value.hint
    ended = put(b"one\n" + end + b"\n")
    assert f"{ended}, line 2: byte 0x{end[0]:02x} at position 1 is not " in refused(ended).message


def test_the_place_of_a_bad_byte_in_a_very_long_line_is_counted_from_the_lines_start(put: Put) -> None:
    start = b"first\n" + b"word " * 400_000
    path = put(start + b"\xff more\n")
    assert f"{path}, line 2: byte 0xff at position {len(start) - 6 + 1}" in refused(path).message


@pytest.mark.parametrize("bad", [b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf5\x80\x80\x80", b"\x80", b"\xe7\x8c"])
@pytest.mark.parametrize("after", [b"", b"\n", b" more\n"])
def test_anything_that_is_not_utf8_is_refused(put: Put, bad: bytes, after: bytes) -> None:
    assert "line 2" in refused(put(b"ok\nx " + bad + after)).message


@pytest.mark.parametrize(("errors", "expected"), [("replace", "caf\ufffd!"), ("ignore", "caf!")])
def test_bad_bytes_can_be_replaced_or_ignored(put: Put, errors: str, expected: str) -> None:
    assert read(put(b"caf\xe9!\n"), errors=errors) == [expected]


@pytest.mark.parametrize("errors", ["", "nonsense", "surrogateescape", "surrogatepass"])
def test_another_way_with_bad_bytes_is_refused(put: Put, errors: str) -> None:
    path = put(b"caf\xe9!\n")
    with pytest.raises(WvcliError, match="`encoding_errors` must be strict, replace, ignore"):
        read(path, errors=errors)


@pytest.mark.parametrize(
    "encoding", ["", "klingon", "utf-99", "hex", "base64", "rot13", "zip", "undefined", "a\0b", "x" * 1000]
)
def test_a_thing_that_is_no_text_encoding_is_refused(put: Put, encoding: str) -> None:
    path = put("text\n")
    with pytest.raises(WvcliError, match="encoding"):
        read(path, encoding=encoding)


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("utf-16", "猫猫\n".encode("utf-16")[:-1]),
        ("utf-16-le", b"\x00\xd8a\x00"),
        ("utf-32", "猫\n".encode("utf-32")[:-2]),
        ("utf-32", b"abcdefgh"),
        ("ascii", "é\n".encode()),
        ("gb18030", b"\xff\xff\n"),
    ],
)
def test_text_not_in_the_encoding_named_is_refused(put: Put, encoding: str, content: bytes) -> None:
    path = put(content)
    message = refused(path, encoding=encoding).message
    assert path in message
    assert encoding in message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "gb18030"])
def test_passing_over_a_bad_line_loses_that_line_and_no_other(put: Put, encoding: str) -> None:
    bad = {"utf-16-le": b"\x00\xd8", "utf-16-be": b"\xd8\x00"}.get(encoding, b"\xff")
    content = "猫\n".encode(encoding) + bad + "x\n犬\n".encode(encoding)
    corpus = Corpus([put(content)], encoding, skip_bad=True)
    assert list(corpus.texts()) == ["猫", "犬"]
    assert corpus.skipped == 1


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_wide_text_is_recognised_and_its_encoding_proposed(put: Put, encoding: str) -> None:
    path = put("猫\n".encode(encoding))
    error = refused(path)
    assert path in error.message
    assert f"`encoding={encoding}`" in error.hint


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04" + b"x" * 100, "zip"),
        (b"7z\xbc\xaf\x27\x1c" + b"x" * 100, "7z"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "binary"),
        (b"text\n" * 1000 + b"\x00", "binary"),
        (b"%PDF-1.4\n1 0 obj\n", "a PDF document"),
        ("ab\n".encode("utf-16-le"), "binary"),
    ],
)
def test_what_is_not_text_is_refused_by_name(put: Put, content: bytes, said: str) -> None:
    path = put(content)
    message = refused(path).message
    assert path in message
    assert said in message


@pytest.mark.parametrize("before", [0, 3, 10_000], ids=["at once", "soon", "late"])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16"])
def test_a_nul_is_refused_or_passed_over_wherever_it_is(put: Put, before: int, encoding: str) -> None:
    line = "a line of text that is as long as many others"
    path = put((f"{line}\n" * before + "é\0b\nend\n").encode(encoding))
    error = refused(path, encoding=encoding)
    assert f"{path}, line {before + 1}: a NUL character at position " in error.message
    assert "`encoding_errors=replace`" in error.hint
    for options, expected in [
        ({"skip_bad": True}, []),
        ({"errors": "replace"}, ["é\ufffdb"]),
        ({"errors": "ignore"}, ["éb"]),
    ]:
        corpus = Corpus([path], encoding, **options)
        assert list(corpus.texts()) == [*[line] * before, *expected, "end"]
        assert corpus.skipped == (not expected)
        again = Corpus([path], encoding, **options)
        blocks = [block if isinstance(block, str) else block.decode()[:-1] for block in again.blocks()]
        assert "\n".join(blocks).split("\n") == list(corpus.texts())


def test_wide_text_without_a_byte_order_mark_is_not_read_as_other_text(put: Put) -> None:
    for encoding in ("utf-16-le", "utf-16-be"):
        for options in ({}, {"skip_bad": True}, {"errors": "replace"}):
            assert f"`encoding={encoding}`" in refused(put("some text\n".encode(encoding)), **options).hint


@pytest.mark.parametrize(
    ("start", "what", "advice"),
    [
        ("<!DOCTYPE html>\n<html>", "HTML", "html2text"),
        ("\ufeff\n<HTML lang=en>", "HTML", "html2text"),
        ('<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "x">\n<html>', "HTML", "html2text"),
        ('<?xml version="1.0"?>\n<TEI>', "XML", "pandoc"),
        ("<mediawiki xmlns='x'>\n<page>", "a dump of a wiki", "segment_wiki"),
        (r"{\rtf1\ansi", "RTF", "pandoc"),
    ],
)
def test_markup_is_told_once_with_what_extracts_the_text(put: Put, start: str, what: str, advice: str) -> None:
    notes: list[str] = []
    files = [put(f"{start}\nred cat\n", name) for name in ("a.txt", "b.html", "c")]
    assert list(Corpus(files, on_note=notes.append).texts()).count("red cat") == 3
    [note] = notes
    assert note.startswith(f"{files[0]} is {what}, and its markup is read as words; extract its text first")
    assert advice in note


@pytest.mark.parametrize("text", ["a < b\n", "<3 you\n", "<s> the cat </s>\n", "xml <?xml\n"])
def test_text_with_angle_brackets_is_no_markup(put: Put, text: str) -> None:
    notes: list[str] = []
    assert list(Corpus([put(text)], on_note=notes.append).texts()) == [text[:-1]]
    assert not notes


def test_a_tar_archive_is_refused_packed_or_not(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("the cat\n")
    for mode, name in (("w", "t.tar"), ("w:gz", "t.tar.gz")):
        with tarfile.open(tmp_path / name, mode) as archive:  # type: ignore[call-overload]
            archive.add(tmp_path / "a.txt", "a.txt")
        error = refused(str(tmp_path / name))
        assert "a tar archive" in error.message
        assert "unpack it" in error.hint


def test_a_packed_archive_is_refused_too(put: Put) -> None:
    assert "binary" in refused(put(gzip.compress(b"folder/file\0\0\0" + b"x" * 500), "archive.tar.gz")).message


# --- very long lines ---


@pytest.mark.parametrize("kind", [None, "gz", "zst"])
@pytest.mark.parametrize(
    "word", ["猫是最爱的动物", "😀", "aé猫😀", "word "], ids=["Chinese", "emoji", "mixed", "words"]
)
def test_a_line_of_five_megabytes_comes_in_pieces_that_lose_nothing(put: Put, kind: str | None, word: str) -> None:
    text = word * (MEGABYTES // len(word.encode()))
    content = text.encode()
    pieces = read(put(PACKERS[kind](content) if kind else content))
    assert "".join(pieces) == text
    assert len(pieces) > 1
    assert max(len(piece.encode()) for piece in pieces) <= 2 * 2**20
    if word == "word ":
        assert {token for piece in pieces for token in piece.split()} == {"word"}


@pytest.mark.parametrize("extra", range(-3, 4))
@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_a_line_near_the_limit_of_a_piece_is_whole(put: Put, extra: int, end: str) -> None:
    for start in ("", "a b", "猫"):
        line = start + "x" * (2**20 + extra - len(start.encode()))
        texts = read(put(f"{line}{end}next{end}"))
        if end:
            assert texts[-1] == "next"
            assert "".join(texts[:-1]) == line
            assert all(texts)
        else:
            assert "".join(texts) == line + "next"


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "shift_jis"])
def test_a_long_line_in_another_encoding_breaks_no_character(put: Put, encoding: str) -> None:
    text = ("猫犬" if encoding != "big5" else "貓犬") * 700_000
    assert "".join(read(put(text.encode(encoding)), encoding=encoding)) == text


def test_a_mark_inside_a_long_first_line_is_kept(put: Put) -> None:
    text = "x" * (2**20 - 1) + "\ufeff" * 1000
    assert "".join(read(put(text))) == text


def test_a_long_line_of_bytes_that_are_not_utf8_can_still_be_read(put: Put) -> None:
    assert "".join(read(put(b"\x80" * (3 * 2**20)), errors="replace")) == "\ufffd" * (3 * 2**20)
    assert "line 1" in refused(put(b"\x80" * (3 * 2**20))).message


@settings(max_examples=60, deadline=None, suppress_health_check=SAME_FOLDER)
@given(
    words=st.lists(st.text("a é猫😀\t\r\u3000", max_size=5), min_size=1, max_size=12),
    longest_piece=st.integers(4, 16),
)
def test_lines_cut_into_small_pieces_lose_nothing(put: Put, words: list[str], longest_piece: int) -> None:
    line = "".join(words).rstrip("\r")
    texts = read(put(f"{line}\nEND\n"), longest_piece=longest_piece)
    assert "".join(texts) == line + "END"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32"])
def test_a_long_line_in_a_wide_encoding_is_cut_between_two_characters(put: Put, encoding: str) -> None:
    line = "x" + "😀" * 100_000
    pieces = read(put(f"{line}\nEND\n".encode(encoding)), encoding=encoding, longest_piece=100_000)
    assert "".join(pieces) == line + "END"
    assert len(pieces) > 3


def test_texts_are_located_by_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\n\nthree\n")
    (tmp_path / "b.jsonl").write_text('\n{"t": "two"}\n{"t": ["three", "three"]}\n')
    (tmp_path / "c.tsv").write_text("t\n2\n3\n")
    (tmp_path / "d.csv").write_text('t\n"2\n3"\n4\n')
    (tmp_path / "e.json").write_text('[{"t": "one"}, {"t": "two"}]')
    (tmp_path / "f.txt").write_bytes("one\ntwo\n".encode("utf-16"))
    named = {name: str(tmp_path / name) for name in sorted(file.name for file in tmp_path.iterdir())}

    def located(name: str, **options: Any) -> list[tuple[int, str]]:
        found = list(Corpus([named[name]], **options).located_texts())
        assert {file for file, _, _ in found} == {named[name]}
        return [(line, text) for _, line, text in found]

    assert located("a.txt") == [(1, "one"), (2, ""), (3, "three")]
    assert located("b.jsonl", field="t") == [(2, "two"), (3, "three\nthree")]
    assert located("c.tsv", column="t") == [(2, "2"), (3, "3")]
    assert located("d.csv", column="t") == [(3, "2\n3"), (4, "4")]
    assert located("e.json", field="t") == [(1, "one"), (2, "two")]
    assert located("f.txt", encoding="utf-16") == [(1, "one"), (2, "two")]
