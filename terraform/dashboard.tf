# One page to leave open: volume, outcome by tier, time to delivery, failures by class, what was repaired.

locals {
  dashboard_charts = [
    { title = "Texts taken in", filter = local.counted["texts"], by = ["metric.label.how"], aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", plot = "STACKED_BAR" },
    { title = "Outcome by tier", filter = local.counted["finished"], by = ["metric.label.outcome", "metric.label.tier"], aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", plot = "STACKED_BAR" },
    { title = "Seconds to delivery, median", filter = local.delivery_time, by = ["metric.label.tier"], aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_50", plot = "LINE" },
    { title = "Seconds to delivery, 95th percentile", filter = local.delivery_time, by = ["metric.label.tier"], aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_95", plot = "LINE" },
    { title = "Seconds until a person took it, median", filter = local.claim_time, by = [], aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_50", plot = "LINE" },
    { title = "Seconds until a person took it, 95th percentile", filter = local.claim_time, by = [], aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_95", plot = "LINE" },
    { title = "Texts that no person took in time", filter = local.counted["unclaimed"], by = ["metric.label.tier"], aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", plot = "STACKED_BAR" },
    { title = "Failed attempts by class", filter = local.counted["failed_attempts"], by = ["metric.label.class"], aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", plot = "STACKED_BAR" },
    { title = "Escalations by tier", filter = local.counted["escalations"], by = ["metric.label.tier"], aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", plot = "STACKED_BAR" },
    { title = "Repaired by sweep and reconcile", filter = local.repaired, by = ["metric.label.by", "metric.label.event"], aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", plot = "STACKED_BAR" },
    { title = "What people were told of", filter = local.counted["alerts"], by = ["metric.label.cause"], aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", plot = "STACKED_BAR" },
    { title = "Sweeps answered", filter = "${local.requests} AND resource.label.service_name=\"sweep\"", by = ["metric.label.response_code_class"], aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", plot = "STACKED_BAR" },
    { title = "Webhook answers (4xx: strangers, and the uptime check)", filter = "${local.requests} AND resource.label.service_name=one_of(\"sms-inbound\", \"sms-delivery-status\")", by = ["metric.label.response_code_class"], aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", plot = "STACKED_BAR" },
    { title = "Timers waiting", filter = "metric.type=\"cloudtasks.googleapis.com/queue/depth\" AND resource.type=\"cloud_tasks_queue\"", by = ["resource.label.queue_id"], aligner = "ALIGN_MAX", reducer = "REDUCE_MAX", plot = "LINE" },
  ]
  delivery_time = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.seconds["seconds_to_delivery"].name}\" AND resource.type=\"cloud_run_revision\""
  claim_time    = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.seconds["seconds_to_claim"].name}\" AND resource.type=\"cloud_run_revision\""
}

resource "google_monitoring_dashboard" "relay" {
  dashboard_json = jsonencode({
    displayName = "SMS relay"
    mosaicLayout = {
      columns = 12
      tiles = [for position, chart in local.dashboard_charts : merge(
        # Monitoring leaves zeros out of its answers, so they would be changed again by every apply.
        { for name, value in { xPos = (position % 2) * 6, yPos = floor(position / 2) * 4 } : name => value if value > 0 },
        {
          width  = 6
          height = 4
          widget = {
            title = chart.title
            xyChart = {
              dataSets = [{
                plotType = chart.plot
                timeSeriesQuery = {
                  timeSeriesFilter = {
                    filter = chart.filter
                    aggregation = {
                      alignmentPeriod    = "300s"
                      perSeriesAligner   = chart.aligner
                      crossSeriesReducer = chart.reducer
                      groupByFields      = chart.by
                    }
                  }
                }
              }]
            }
          }
        }
      )]
    }
  })
}
