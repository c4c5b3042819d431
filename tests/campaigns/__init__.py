"""Campaigns: programs that try hard to make wvcli lose, spoil or run something, and print how often they did.

Each is run as `python tests/campaigns/NAME.py [TRIES] [KIND ...] [--seed N]`.
"""
