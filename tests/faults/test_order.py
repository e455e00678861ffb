"""What people wait for begins at once, whatever else is running, and gets the processors first."""

import os

import psutil

from tests.faults.house import House, submit, wait_for, wait_until_it_began
from tests.faults.jobs import let_go
from tpod_core.models import JobState, QueueName
from workers.main import NICENESS


def test_two_imports_and_a_set_start_at_once_beside_long_work(house: House) -> None:
    long = [submit("wait", queue) for queue in (QueueName.BACKGROUND, QueueName.LOW) for _ in "ab"]
    awaited = [submit("wait", QueueName.DEFAULT) for _ in range(3)]
    background, training = (psutil.Process(wait_until_it_began(job)) for job in (long[0], long[2]))
    prompt = [psutil.Process(wait_until_it_began(job)) for job in awaited]
    assert {process.nice() for process in prompt} == {os.nice(0)}
    assert background.nice() == training.nice() == os.nice(0) + NICENESS
    everywhere = set(psutil.Process().cpu_affinity())
    assert set(prompt[0].cpu_affinity()) == set(background.cpu_affinity()) == everywhere
    if len(everywhere) > 1:
        assert len(everywhere - set(training.cpu_affinity())) == 1
    for job in (*long, *awaited):
        let_go(job)
    for job in (*long, *awaited):
        assert wait_for(job, JobState.SUCCEEDED).attempt == 1
