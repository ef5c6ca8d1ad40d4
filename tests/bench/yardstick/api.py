"""The yardstick of the load figures: the least that FastAPI and asyncpg need for the same answers.

It reads and writes the generated data service's own table, with no layer in between.
Run by uvicorn with the packages of the generated project.
"""

import datetime as dt
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import FastAPI, HTTPException, Query
from pydantic import BaseModel

COLUMNS = "id, title, description, status, priority, due_date, created_at, updated_at, version"
LIST = f"SELECT {COLUMNS} FROM tasks ORDER BY created_at DESC, id DESC LIMIT $1"  # noqa: S608
GET = f"SELECT {COLUMNS} FROM tasks WHERE id = $1"  # noqa: S608
CREATE = (
    "INSERT INTO tasks (title, description, status, priority, due_date) "  # noqa: S608
    f"VALUES ($1, $2, $3, $4, $5) RETURNING {COLUMNS}"
)


class NewTask(BaseModel):
    """What is sent."""

    title: str
    description: str | None = None
    status: str = "todo"
    priority: int = 3
    due_date: dt.date | None = None


class Task(NewTask):
    """What is answered."""

    id: UUID
    created_at: dt.datetime
    updated_at: dt.datetime
    version: int


class Page(BaseModel):
    """What a list answers."""

    items: list[Task]
    next_cursor: str | None = None


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Hold as many connections as the generated data service may."""
    async with asyncpg.create_pool(
        os.environ["YARDSTICK_DATABASE"], min_size=10, max_size=10
    ) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/api/v1/tasks")
async def list_tasks(limit: Annotated[int, Query(ge=1, le=100)] = 20) -> Page:
    """Select the newest tasks."""
    rows = await app.state.pool.fetch(LIST, limit)
    items = [Task.model_construct(**row) for row in rows]
    cursor = f"{items[-1].created_at.isoformat()},{items[-1].id}" if items else None
    return Page.model_construct(items=items, next_cursor=cursor)


@app.get("/api/v1/tasks/{task_id}")
async def get_task(task_id: UUID) -> Task:
    """Select one task."""
    row = await app.state.pool.fetchrow(GET, task_id)
    if row is None:
        raise HTTPException(404)
    return Task.model_construct(**row)


@app.post("/api/v1/tasks", status_code=201)
async def create_task(new: NewTask) -> Task:
    """Insert a task; a single statement is a transaction of its own."""
    values = (new.title, new.description, new.status, new.priority, new.due_date)
    return Task.model_construct(**await app.state.pool.fetchrow(CREATE, *values))
