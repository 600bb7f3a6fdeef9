"""Values for the first versions of secrets, which one deployment makes and all later ones leave alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from scripts.deployment.manage_secrets import SecretValues, checked
from scripts.deployment.tools import Gcloud, read_private_file


def as_variables(
    held: Mapping[str, str | None], gcloud: Gcloud, file: Path, environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Returns what Terraform is told in the environment about secrets whose first version it has not made yet.

    `held` are the secrets in its state, with the version that it made (state.secrets_held). Where an earlier revision
    made an entry, what is in force there counts more than the file, also in the middle of a rotation. Raises Problem
    when there is no file and no entry yet.
    """
    if "TF_VAR_twilio_auth_token" in environ:
        return {}  # given to Terraform directly
    made = {variable for variable, version in held.items() if version}
    values = checked(read_private_file(file)) if file.exists() or not held else {}
    if made != set(held):
        secrets = SecretValues(gcloud)
        values |= {name: value for name in held if name not in made and (value := secrets.latest(name))}
    return {f"TF_VAR_{name.lower()}": value for name, value in values.items() if name not in made}
