# Who looks and acts for the business, how they get in, and how they are told.

# --- Who gets in ------------------------------------------------------------------------------------------------------

variable "relay_operators" {
  description = "People who sign in at the console, by a code that is texted or e-mailed to them: `name`, `phone` or `email` or both, and `role`: \"act\" (when left out), or \"look\" for who may only read. Needs the gateway; an e-mail address needs `smtp_url`."
  type = list(object({
    name  = string
    phone = optional(string)
    email = optional(string)
    role  = optional(string)
  }))
  default = []

  validation {
    condition     = alltrue([for each in var.relay_operators : can(regex("^[^\\pC\\pZ](?:[^\\pC\\pZ]| ){0,39}$", each.name)) && can(regex("[\\pL\\pN]", each.name))])
    error_message = "Every one of relay_operators needs a name of 1 to 40 characters on one line, a letter or digit among them."
  }
  validation {
    condition     = !anytrue([for each in var.relay_operators : can(regex("\\p{Nd}(?:[\\s().\\-/\\p{Pd}]*\\p{Nd}){6}", each.name))])
    error_message = "A name of relay_operators has a phone number in it, which the trail and the log would show."
  }
  validation {
    condition     = length(distinct([for each in var.relay_operators : lower(trimspace(each.name))])) == length(var.relay_operators)
    error_message = "relay_operators names two people alike: the trail would not say who of them it was."
  }
  validation {
    condition     = length(var.relay_operators) <= 100
    error_message = "relay_operators may name 100 people."
  }
  validation {
    condition     = alltrue([for each in var.relay_operators : each.phone != null || each.email != null])
    error_message = "Every one of relay_operators needs a phone or an email: their code has to get to them."
  }
  validation {
    condition     = alltrue([for each in var.relay_operators : each.phone == null ? true : can(regex("^\\+[1-9][0-9]{7,14}$", each.phone))])
    error_message = "The phone of relay_operators must be an E.164 number, like +15551234567: a plus sign and 8 to 15 digits."
  }
  validation {
    condition     = alltrue([for each in var.relay_operators : each.email == null ? true : can(regex("^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\\.)+[A-Za-z0-9-]{2,63}$", each.email))])
    error_message = "The email of relay_operators must be a plain e-mail address."
  }
  validation {
    condition = alltrue([for addresses in [[for each in var.relay_operators : each.phone if each.phone != null], [for each in var.relay_operators : lower(each.email) if each.email != null]] :
      length(distinct(addresses)) == length(addresses)
    ])
    error_message = "Two of relay_operators have the same phone or email: a code would not say who of them it is."
  }
  validation {
    condition     = alltrue([for each in var.relay_operators : contains(["act", "look"], coalesce(each.role, "act"))])
    error_message = "The role of relay_operators must be \"act\", which is what it is when left out, or \"look\"."
  }
}

variable "console_base_url" {
  description = "Where operators reach the console, if not at the gateway's address: a name of the business's own that passes `/console` and `/sms/` on to it. Links in alarms begin with it, and sign-in works at no other address."
  type        = string
  default     = null

  validation {
    condition     = var.console_base_url == null ? true : can(regex("^https://[^/?#_]+$", var.console_base_url))
    error_message = "console_base_url must be an https address without a path, and without a slash at its end."
  }
}

variable "trusted_proxies" {
  description = "How many proxies before the console write whom they got a request from into X-Forwarded-For: 2 with the gateway (docs/first-project.md), 0 without it; one more for a proxy of one's own before the gateway. With 0 no address is slowed down, only numbers and browsers."
  type        = number
  default     = null

  validation {
    condition     = var.trusted_proxies == null ? true : var.trusted_proxies >= 0 && var.trusted_proxies <= 5 && floor(var.trusted_proxies) == var.trusted_proxies
    error_message = "trusted_proxies must be a whole number from 0 to 5."
  }
}

variable "operators" {
  description = "People who may look up and redrive relays and open the console past the gateway by their Google account, as IAM members (user:…, group:…). `relay_operators` need none."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.operators : can(regex("^(user|group|serviceAccount):[^@ ]+@[^@ ]+$", member))])
    error_message = "operators must be IAM members like user:jo@example.com; allUsers, allAuthenticatedUsers and whole domains are refused."
  }
}

variable "relay_state_allowed_emails" {
  description = "Further service accounts whose identity tokens relay-state and redrive accept, beside the operator account."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for email in var.relay_state_allowed_emails : can(regex("^[^@ ,]+@[^@ ,]+$", email))])
    error_message = "relay_state_allowed_emails must be plain e-mail addresses."
  }
}

variable "relay_state_allowed_origins" {
  description = "Origins of browser pages that may call relay-state and redrive; the default is where `gcloud run services proxy` shows the console."
  type        = list(string)
  default     = ["http://localhost:8080"]

  validation {
    condition     = alltrue([for origin in var.relay_state_allowed_origins : can(regex("^https?://[^/*,]+$", origin))])
    error_message = "relay_state_allowed_origins must be exact origins like https://console.example.com: no path, no wildcard."
  }
}

# --- How they are told ------------------------------------------------------------------------------------------------

variable "alarm_phones" {
  description = "Numbers that alarms are texted to. Never the only way: an alarm about Twilio needs another one."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for phone in var.alarm_phones : can(regex("^\\+[1-9][0-9]{7,14}$", phone))])
    error_message = "alarm_phones must be E.164 numbers, like +15551234567: a plus sign and 8 to 15 digits."
  }
  validation {
    condition     = length(var.alarm_phones) <= 20
    error_message = "alarm_phones may have 20 recipients."
  }
}

variable "alarm_emails" {
  description = "Addresses that the relay itself sends alarms to; needs `smtp_url`. `alert_emails` get what Google notices, that the relay is down above all."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for email in var.alarm_emails : can(regex("^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\\.)+[A-Za-z0-9-]{2,63}$", email))])
    error_message = "alarm_emails must be plain e-mail addresses."
  }
  validation {
    condition     = length(var.alarm_emails) <= 20
    error_message = "alarm_emails may have 20 recipients."
  }
}

variable "alarm_webhook_url" {
  description = "An https address that every alarm is posted to: a program of one's own, ntfy, Slack."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_webhook_url == null ? true : can(regex("^https://[^/?#@_]+([/?][^#]*)?$", var.alarm_webhook_url))
    error_message = "alarm_webhook_url must be an https address without a user and without #."
  }
}

variable "alarm_webhook_signed" {
  description = "Sign what is posted to `alarm_webhook_url`; the secret must be in Secret Manager too."
  type        = bool
  default     = false
}

variable "alarm_words" {
  description = "Let alarms hold the customer's number and words. They then stand in mailboxes and on locked phones."
  type        = bool
  default     = false
}

variable "smtp_url" {
  description = "Server that sends e-mail: smtp://user@host:587 (with STARTTLS) or smtps://user@host:465. With a user its password must be in Secret Manager too."
  type        = string
  default     = null

  validation {
    condition     = var.smtp_url == null ? true : can(regex("^smtps?://([^/?#@: ]+@)?[^/?#@: _]+(:[0-9]{1,5})?$", var.smtp_url))
    error_message = "smtp_url must be smtp:// or smtps://, a user and @ if one is needed, a host and a port; no password: that goes to Secret Manager."
  }
}

variable "email_from" {
  description = "Address that e-mail comes from. Must be given with `smtp_url`."
  type        = string
  default     = null

  validation {
    condition     = var.email_from == null ? true : can(regex("^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\\.)+[A-Za-z0-9-]{2,63}$", var.email_from))
    error_message = "email_from must be a plain e-mail address."
  }
}
