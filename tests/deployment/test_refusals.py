"""Google's refusals are explained in the words in which they were met."""

from __future__ import annotations

import pytest

from scripts.deployment.refusals import explained

OLD_QUOTA = """\
│ Error: Error creating function: googleapi: Error 400: Could not create Cloud Run service sms-inbound.
│ spec.template.spec.containers.resources.limits.cpu: Invalid value specified for cpu. For the specified value,
\x1b[31m│\x1b[0m maxScale may not
\x1b[31m│\x1b[0m exceed 10. Consider running your workload in a region with greater capacity."""
NEW_QUOTA = """spec.template.metadata.annotations[autoscaling.knative.dev/maxScale]: Max instances must be set to 8
or fewer to set the requested total CPU. Quota violated: CpuAllocPerProjectRegion requested: 10000 allowed: 8000"""
QUEUE = "Error 400: The queue cannot be created because a queue with this name existed too recently."
DATABASE = "Error 409: Database already exists. Please use another database_id"
ACCOUNT = "Error 409: Service account relay-build already exists within project projects/demo-project., alreadyExists"
NO_QUOTA = "Max instances must be set to 0 or fewer to set the requested total CPU."
BUILD = "FAILED_PRECONDITION: failed precondition: due to quota restrictions, cannot run builds in this region."


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (OLD_QUOTA, "lower max_instances of its kind to 10 or fewer, or ask for more under IAM, Quotas"),
        (NEW_QUOTA, "lower max_instances of its kind to 8 or fewer, or ask for more under IAM, Quotas"),
        (NO_QUOTA, "lower max_instances of its kind, or ask for more under IAM, Quotas"),
        (BUILD, "for ever (`make destroy`), and deploy to one of us-central1, us-west2, europe-west1"),
        (QUEUE, "deploy with another tasks_queue_prefix"),
        (DATABASE, "left by a destroy, and is taken over as terraform/README.md, Taking it down, says,"),
        (ACCOUNT, "ended before it was written down: delete that, or `terraform import` it"),
    ],
    ids=["2023", "2026", "nothing allowed", "builds", "a queue's name", "a database", "an account"],
)
def test_a_refusal_is_explained_with_what_to_do(said: str, words: str) -> None:
    (explanation,) = explained(said)
    assert words in explanation


def test_what_has_no_explanation_gets_none() -> None:
    assert explained("Error: Error 403: Permission 'run.services.create' denied") == []
