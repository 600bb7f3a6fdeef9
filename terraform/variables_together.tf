# Inputs that are each right and do not go together. A validation could look at nothing but its own variable before
# Terraform 1.9; a resource of nothing but preconditions looks at all of them, before anything is created.

resource "terraform_data" "inputs" {
  # Of no use but that nothing is planned for another place (place.tf).
  input = local.project_id

  lifecycle {
    precondition {
      condition     = length(setintersection(var.business_phone_numbers, [for tier in var.tiers : tier.phone])) == 0
      error_message = "A tier's phone is one of business_phone_numbers: the relay would text itself."
    }
    precondition {
      condition     = var.replies || length(distinct([for tier in var.tiers : tier.phone])) == length(var.tiers)
      error_message = "Two tiers have the same phone: without replies = true a text refused there once would be refused there twice."
    }
    precondition {
      condition     = var.replies || alltrue([for tier in var.tiers : coalesce(tier.claim_timeout_seconds, 0) == 0])
      error_message = "A tier has claim_timeout_seconds, but only with replies = true can a handler claim anything."
    }
    precondition {
      condition     = !var.replies || var.business_name != null || var.twilio_api_base_url != null
      error_message = "replies = true needs business_name: the first answer tells a customer who writes."
    }
  }
}
