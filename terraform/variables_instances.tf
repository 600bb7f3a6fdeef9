# How far the functions may grow. Cloud Run holds each function's limit, times its CPUs, against the quota of the project
# and region, one function at a time, whether or not it ever runs that many.

variable "max_instances" {
  description = "Instances of one vCPU that a function of each kind may have at most, the kinds left out as they are by default: `webhook`, `escalation` and `event` 10, `operator`, `media` and `console` 5, `tell` 2, `sweep` and `reconcile` 1. More than 10 needs a quota that new projects may lack (README, \"Quotas\")."
  type = object({
    webhook    = optional(number, 10)
    escalation = optional(number, 10)
    event      = optional(number, 10)
    operator   = optional(number, 5)
    media      = optional(number, 5)
    console    = optional(number, 5)
    tell       = optional(number, 2)
    sweep      = optional(number, 1)
    reconcile  = optional(number, 1)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for most in values(var.max_instances) : floor(most) == most && most >= 1 && most <= 500])
    error_message = "max_instances must be whole numbers from 1 to 500: with more, a queue could not keep them busy."
  }
  validation {
    condition     = var.max_instances.webhook >= var.warm_webhook_instances
    error_message = "max_instances.webhook is less than warm_webhook_instances: more would be kept warm than may run."
  }
}
