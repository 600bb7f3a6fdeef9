# What keeps a state to one project and one region. With another project's state, a plan would rewire that deployment and a
# destroy take it down; another region would replace its database.
#
# A state is found by its workspace, and a workspace is named after its project: each project has a folder of its own
# (terraform.tfstate.d/PROJECT) or an object of its own in the bucket. In "default" lie states of earlier revisions.

# The project and region of the first apply: later values are ignored, so this stays what it was until all is destroyed.
# It is a list of one because that is empty, not unknown, while a state without it is destroyed.
resource "terraform_data" "place" {
  count = 1
  # Read from here and not from `output`, which is unknown on the first plan, and the providers' project with it.
  input = local.place

  lifecycle {
    ignore_changes = [input]
  }
}

locals {
  place          = { project = var.project_id, region = var.region }
  place_of_state = coalesce(one(terraform_data.place[*].input), local.place)
  refusal        = "The state here holds the relay in ${local.place_of_state.project}, ${local.place_of_state.region}, not in ${var.project_id}, ${var.region}: give that project and region, or the other a project of its own."

  wrong_workspace = "Each project has a state of its own, in the workspace that is named after it, and this is the workspace ${terraform.workspace}: say `terraform workspace select -or-create ${var.project_id}`. README, State, says how a state of an earlier revision is taken over."

  # A state of this project that an earlier revision left in the folder: a plan beside it would make everything once more.
  # (What is read here must not be this workspace's own state, which an apply changes while it is read.)
  was_left = can(regex("\"project\": *\"${var.project_id}\"", file("${path.root}/terraform.tfstate")))
  left     = "The file terraform.tfstate here is the state of ${var.project_id} as an earlier revision left it: `make deploy` takes it over, and README, State, says how that is done by hand."

  # Not a precondition, which a destroy does not look at. For another place this cannot be computed, so the providers
  # cannot be configured, and nothing is planned, applied or destroyed.
  right_workspace = tobool(terraform.workspace == var.project_id ? "true" : local.wrong_workspace) && tobool(local.was_left ? local.left : "true")
  project_id      = local.right_workspace && tobool(local.place == local.place_of_state ? "true" : local.refusal) ? var.project_id : null
}
