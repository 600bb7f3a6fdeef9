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
    precondition {
      condition     = var.use_gateway || length(var.relay_operators) == 0
      error_message = "relay_operators need the gateway: without it no browser reaches the console."
    }
    precondition {
      condition     = length(setintersection(var.business_phone_numbers, concat(var.alarm_phones, [for each in var.relay_operators : each.phone if each.phone != null]))) == 0
      error_message = "A phone of alarm_phones or relay_operators is one of business_phone_numbers: the relay would text itself."
    }
    precondition {
      condition     = var.smtp_url != null || length(concat(var.alarm_emails, [for each in var.relay_operators : each.email if each.email != null])) == 0
      error_message = "alarm_emails, and an email of relay_operators, need smtp_url: nothing else sends e-mail."
    }
    precondition {
      condition     = (var.smtp_url == null) == (var.email_from == null)
      error_message = "smtp_url and email_from go together: give both or neither."
    }
    precondition {
      condition     = !var.alarm_webhook_signed || var.alarm_webhook_url != null
      error_message = "alarm_webhook_signed = true needs alarm_webhook_url."
    }
    precondition {
      condition     = !(var.send_with_api_key && var.alarm_webhook_signed && try(strcontains(var.smtp_url, "@"), false))
      error_message = "send_with_api_key, alarm_webhook_signed and a user in smtp_url make seven secrets, and six are free: leave one of them out."
    }

    # What terraform.tfvars.example has reaches no one: numbers that no phone has (555-0100 to 555-0199 of any area are for
    # fiction), and names below .example, which is reserved. A staging deployment at a made-up Twilio may have them.
    precondition {
      condition = var.twilio_api_base_url != null || !anytrue([for phone in concat(
        var.business_phone_numbers, [for tier in var.tiers : tier.phone], var.alarm_phones, [for each in var.relay_operators : each.phone if each.phone != null],
      ) : can(regex("^\\+1[2-9][0-9]{2}55501[0-9]{2}$", phone))])
      error_message = "A number of business_phone_numbers, tiers, relay_operators or alarm_phones is made up (+1 … 555 01…), as those of terraform.tfvars.example are: put your own in its place."
    }
    precondition {
      condition = !anytrue([for address in compact(concat(
        var.alert_emails, var.operators, var.alarm_emails, [for each in var.relay_operators : each.email],
        [var.alarm_webhook_url, var.smtp_url, var.email_from, var.media_base_url, var.console_base_url],
      )) : can(regex("[.]example([:/?]|$)", lower(address)))])
      error_message = "An address of alert_emails, operators, relay_operators, alarm_emails, alarm_webhook_url, smtp_url, email_from, media_base_url or console_base_url ends with .example, as those of terraform.tfvars.example do: put your own in its place."
    }
  }
}
