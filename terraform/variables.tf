# What must be given, and what may be. Validation says in words what is wrong, before anything is created.

variable "project_id" {
  description = "Project everything is created in. It must exist and have billing."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9][a-z0-9-]*([.][a-z0-9][a-z0-9-]*)+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be a project's id (6 to 30 lowercase letters, digits and hyphens; an older one may have its domain before it, like example.com:my-project), not its name or number."
  }
}

variable "region" {
  description = "Region of functions, queues and schedules, and of the database unless firestore_location is given. Sure to do, also for a new project: us-central1, us-west2, europe-west1, asia-east1, australia-southeast1, southamerica-east1."
  type        = string

  validation {
    condition     = contains(local.regions, var.region)
    error_message = "region must have every service that the relay uses, and ${var.region} has no ${join(", no ", [for service, regions in local.regions_of : service if !contains(regions, var.region)])} (as of 2026-11: terraform/regions.tf). Sure to do, also for a new project: ${join(", ", local.safe_regions)}. All others: ${join(", ", setsubtract(local.regions, local.safe_regions))}."
  }
}

variable "business_phone_numbers" {
  description = "Our published numbers, E.164; usually one."
  type        = list(string)

  validation {
    condition     = length(var.business_phone_numbers) > 0
    error_message = "business_phone_numbers must name at least one number: the one customers text."
  }
  validation {
    condition     = alltrue([for phone in var.business_phone_numbers : can(regex("^\\+[1-9][0-9]{7,14}$", phone))])
    error_message = "business_phone_numbers must be E.164 numbers, like +15551234567: a plus sign and 8 to 15 digits."
  }
  validation {
    condition     = length(distinct(var.business_phone_numbers)) == length(var.business_phone_numbers)
    error_message = "business_phone_numbers names a number twice."
  }
}

variable "tiers" {
  description = "The cascade, first tier first. `success = \"sent\"` is for carriers that return no delivery receipts; `claim_timeout_seconds`, with `replies`, is how long a tier that has the text may take to claim it; `attachments = \"none\"` leaves the link to a customer's photos out of its texts."
  type = list(object({
    name                    = string
    phone                   = string
    retry_delays_seconds    = optional(list(number), [2, 4, 8])
    receipt_timeout_seconds = optional(number, 60)
    success                 = optional(string, "delivered")
    claim_timeout_seconds   = optional(number)
    attachments             = optional(string)
  }))

  validation {
    condition     = length(var.tiers) >= 1 && length(var.tiers) <= 20
    error_message = "tiers must name at least one handler and at most 20: a text without a handler cannot be relayed."
  }
  validation {
    condition     = alltrue([for tier in var.tiers : can(regex("^\\+[1-9][0-9]{7,14}$", tier.phone))])
    error_message = "Every tier's phone must be an E.164 number, like +15551234567: a plus sign and 8 to 15 digits."
  }
  validation {
    condition     = length(distinct([for tier in var.tiers : tier.phone])) == length(distinct([for tier in var.tiers : "${tier.phone} ${trimspace(tier.name)}"]))
    error_message = "Two tiers have the same phone and different names: one phone is one person's."
  }
  validation {
    condition     = alltrue([for tier in var.tiers : length(trimspace(tier.name)) > 0 && can(regex("^(?:[^\\pC\\pZ]| ){1,100}$", tier.name))])
    error_message = "Every tier needs a name of 1 to 100 characters on one line."
  }
  validation {
    condition     = !anytrue([for tier in var.tiers : can(regex("\\p{Nd}(?:[\\s().\\-/\\p{Pd}]*\\p{Nd}){6}", tier.name))])
    error_message = "A name of tiers has a phone number in it, which alarms and the log would show."
  }
  validation {
    condition = alltrue([for tier in var.tiers :
      length(tier.retry_delays_seconds) <= 10 && alltrue([for delay in tier.retry_delays_seconds : delay >= 0 && delay <= 3600])
    ])
    error_message = "A tier's retry_delays_seconds must be at most 10 waits of 0 to 3600 seconds."
  }
  validation {
    condition     = alltrue([for tier in var.tiers : tier.receipt_timeout_seconds >= 1 && tier.receipt_timeout_seconds <= 36000])
    error_message = "A tier's receipt_timeout_seconds must be 1 to 36000: Twilio keeps a text queued no longer than that."
  }
  validation {
    condition     = alltrue([for tier in var.tiers : contains(["delivered", "sent"], tier.success)])
    error_message = "A tier's success must be \"delivered\" or \"sent\"."
  }
  validation {
    condition     = alltrue([for tier in var.tiers : coalesce(tier.claim_timeout_seconds, 0) >= 0 && coalesce(tier.claim_timeout_seconds, 0) <= 86400])
    error_message = "A tier's claim_timeout_seconds must be 0 to 86400; with 0, or left out, delivery is enough."
  }
  validation {
    condition     = alltrue([for tier in var.tiers : contains(["link", "none"], coalesce(tier.attachments, "link"))])
    error_message = "A tier's attachments must be \"link\", which is what it is when left out, or \"none\"."
  }
}

variable "keep_escalation_tiers" {
  description = "Keep queues and functions for this many tiers though fewer are given: relays on their way keep the tiers they started with. Set it to the old number while removing tiers, and back to 0 a day later."
  type        = number
  default     = 0

  validation {
    condition     = var.keep_escalation_tiers >= 0 && var.keep_escalation_tiers <= 20 && floor(var.keep_escalation_tiers) == var.keep_escalation_tiers
    error_message = "keep_escalation_tiers must be a whole number from 0 to 20."
  }
}

# --- What handlers answer ---------------------------------------------------------------------------------------------

variable "replies" {
  description = "A handler's text answers the customer, and who answers or claims first has the customer. Before it is switched on the number must be registered: docs/compliance.md."
  type        = bool
  default     = false
}

variable "business_name" {
  description = "The business's name, in front of the first answer that a customer gets. Must be given with `replies`."
  type        = string
  default     = null

  validation {
    condition     = var.business_name == null ? true : can(regex("^[^\\pC\\pZ](?:[^\\pC\\pZ]| ){0,39}$", var.business_name)) && can(regex("[\\pL\\pN]", var.business_name))
    error_message = "business_name must be 1 to 40 characters on one line, a letter or digit among them."
  }
}

variable "owner_active_seconds" {
  description = "For how long after a text of theirs in a thread handlers are taken to read what that customer writes next, without a claim."
  type        = number
  default     = 7200

  validation {
    condition     = var.owner_active_seconds >= 0 && var.owner_active_seconds <= 86400 && floor(var.owner_active_seconds) == var.owner_active_seconds
    error_message = "owner_active_seconds must be a whole number from 0 to 86400."
  }
}

# --- Front -----------------------------------------------------------------------------------------------------------

variable "use_gateway" {
  description = "Put API Gateway in front, so that no function is public. Without it Twilio calls the two webhook functions directly, and no browser, the console included, can use relay-state."
  type        = bool
  default     = true
}

variable "media_base_url" {
  description = "In front of the links by which handlers open customers' photos, if not the gateway's address: best a short name of the business's own that passes `/m/` on to it. It saves characters and is trusted more."
  type        = string
  default     = null

  validation {
    condition     = var.media_base_url == null ? true : can(regex("^https://[^/?#_]+$", var.media_base_url))
    error_message = "media_base_url must be an https address without a path, and without a slash at its end."
  }
}

variable "gateway_region" {
  description = "Region of the gateway; by default `region`, or the nearest one that API Gateway has."
  type        = string
  default     = null

  validation {
    condition     = var.gateway_region == null ? true : contains(local.gateway_regions, var.gateway_region)
    error_message = "gateway_region must be a region in which API Gateway exists: ${join(", ", local.gateway_regions)}."
  }
}

# --- State -----------------------------------------------------------------------------------------------------------

variable "firestore_location" {
  description = "Where the database is, for ever: a region, or a multi-region in which triggers exist too (nam5, eur3). By default `region`."
  type        = string
  default     = null

  validation {
    condition     = var.firestore_location == null ? true : contains(local.firestore_locations, var.firestore_location)
    error_message = "firestore_location must be a location in which Firestore exists: a region like us-central1, or nam5 or eur3."
  }
}

variable "firestore_database" {
  description = "Name of the database."
  type        = string
  default     = "(default)"

  validation {
    condition     = can(regex("^(\\(default\\)|[a-z][a-z0-9-]{2,61}[a-z0-9])$", var.firestore_database))
    error_message = "firestore_database must be (default), or 4 to 63 lowercase letters, digits and hyphens."
  }
}

variable "create_database" {
  description = "Create the database. False when it exists already, for example because an earlier destroy left it."
  type        = bool
  default     = true
}

variable "protect_data" {
  description = "Keep the database and its backup schedule, and the table of exported events, when everything else is destroyed."
  type        = bool
  default     = true
}

variable "relay_collection" {
  description = "Collection of relays."
  type        = string
  default     = "message-relay-state"

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9_-]{0,99}$", var.relay_collection))
    error_message = "relay_collection must be a plain name: letters, digits, - and _, starting with a letter."
  }
}

variable "point_in_time_recovery" {
  description = "Keep every version of the last seven days, so that any minute of them can be read: about as much again as what is stored costs, 0.15 USD a GiB and month. False keeps one hour."
  type        = bool
  default     = true
}

variable "backup_retention_days" {
  description = "How long each day's backup of the database is kept, 1 to 98 days; 0 makes none. Each is a whole copy, 0.03 USD a GiB and month: 14 days are 0.42 USD for each GiB stored."
  type        = number
  default     = 14

  validation {
    condition     = var.backup_retention_days >= 0 && var.backup_retention_days <= 98 && floor(var.backup_retention_days) == var.backup_retention_days
    error_message = "backup_retention_days must be a whole number from 0 to 98: Firestore keeps a backup 14 weeks at most."
  }
}

variable "create_backup_schedule" {
  description = "Create the database's daily backups. False when it has some already, as a database has that an earlier destroy left: Firestore refuses a second daily schedule."
  type        = bool
  default     = true
}
