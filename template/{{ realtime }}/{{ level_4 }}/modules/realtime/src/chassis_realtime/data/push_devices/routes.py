from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.requests import HTTPConnection

from chassis.problems import responses
from chassis.schemas import Exact, Page
from chassis_realtime.data.push_devices.repository import PushDevices
from chassis_realtime.devices import (
    PATH,
    Account,
    PushDeviceNew,
    PushDeviceQuery,
    PushDeviceRead,
)

router = APIRouter(prefix=PATH, tags=["push devices"])


async def push_devices(connection: HTTPConnection) -> PushDevices:
    """Reach the devices in the application's database."""
    devices: PushDevices = connection.app.state.push_devices
    return devices


PushDevicesDep = Annotated[PushDevices, Depends(push_devices)]


@router.put("", responses=responses(409, 422))
async def set_push_device(body: PushDeviceNew, devices: PushDevicesDep) -> PushDeviceRead:
    """Keep a device; the one that has its address for this collection is it."""
    return await devices.register(body)


@router.get("", responses=responses(422))
async def list_push_devices(
    query: Annotated[PushDeviceQuery, Query()], devices: PushDevicesDep
) -> Page[PushDeviceRead]:
    """Select one page of devices."""
    return await devices.list(query)


@router.get("/{device_id}", responses=responses(404, 422))
async def get_push_device(device_id: UUID, devices: PushDevicesDep) -> PushDeviceRead:
    """Select a device that may be told something now."""
    return await devices.due(device_id)


@router.delete("/{device_id}", status_code=204, responses=responses(404, 422))
async def delete_push_device(
    device_id: UUID,
    devices: PushDevicesDep,
    account: Annotated[Annotated[Account, Exact()] | None, Query()] = None,
) -> None:
    """Delete a device, if it is of the account that is named."""
    await devices.end(device_id, account)


@router.delete("/{device_id}/ended", status_code=204, responses=responses(422))
async def forget_ended_push_device(device_id: UUID, devices: PushDevicesDep) -> None:
    """Delete a device that may be told nothing any more; any other stays."""
    await devices.forget_ended(device_id)
