# What keeps a state to one project and one region. With another project's state in the checkout, a plan would rewire that
# deployment and a destroy take it down; another region would replace its database.

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
  refusal        = "The state here holds the relay in ${local.place_of_state.project}, ${local.place_of_state.region}, not in ${var.project_id}, ${var.region}: give that project and region, or use a checkout and state of its own for the other."

  # Not a precondition, which a destroy does not look at. For another place this cannot be computed, so the providers
  # cannot be configured, and nothing is planned, applied or destroyed.
  project_id = tobool(local.place == local.place_of_state ? "true" : local.refusal) ? var.project_id : null
}
