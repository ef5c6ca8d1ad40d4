"""Imports, members and the rest of a module are laid out as ruff would do it."""

from textwrap import dedent

from tests.support import extension


def laid_out(source: str) -> str:
    return str(extension().python(dedent(source)))


def test_imports_are_merged_sorted_and_sectioned() -> None:
    source = '''\
        """Doc."""
        from shared.item2 import Item
        from chassis.app import build_app
        from uuid import UUID
        from shared.item10 import Other
        import os
        from fastapi import Query
        from fastapi import APIRouter

        USED = (Item, build_app, UUID, Other, os, Query, APIRouter)
        '''

    assert laid_out(source) == dedent('''\
        """Doc."""

        import os
        from uuid import UUID

        from fastapi import APIRouter, Query

        from chassis.app import build_app
        from shared.item2 import Item
        from shared.item10 import Other

        USED = (Item, build_app, UUID, Other, os, Query, APIRouter)
        ''')


def test_names_in_use_are_imported_and_unused_imports_dropped() -> None:
    source = '''\
        """Doc."""
        from pydantic import BaseModel
        from uuid import UUID
        from uuid import uuid4

        PRICE = Decimal("1.50")
        TEXT = "Any UUID"
        QUOTED = 'an "inner" Any'
        PATH = f"/{uuid4()}"
        '''

    assert laid_out(source) == dedent('''\
        """Doc."""

        from decimal import Decimal
        from uuid import uuid4

        PRICE = Decimal("1.50")
        TEXT = "Any UUID"
        QUOTED = 'an "inner" Any'
        PATH = f"/{uuid4()}"
        ''')


def test_members_are_sorted_as_ruff_sorts_them() -> None:
    names = ["Base", "Item10", "Item9", "Item090", "Q1", "X02"]

    assert extension().as_members(names) == ["Q1", "X02", "Base", "Item090", "Item9", "Item10"]


def test_what_a_module_exports_is_in_use() -> None:
    source = '''\
        """Doc."""
        from shared.item import Item

        __all__ = ["Item"]
        '''

    assert "from shared.item import Item\n" in laid_out(source)
