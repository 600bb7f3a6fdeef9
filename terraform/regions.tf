# Where a deployment can stand. The database is made early and never moves, so a region that lacks something must be
# refused before that: at plan time by these lists, and by `make deploy`, which asks the services for their own.

locals {
  # By each service's own page, as read in 2026-11; of Cloud Tasks' newest only the Americas could be read. It decides:
  # Cloud Build, Cloud Run, Eventarc, Artifact Registry and Cloud Storage are in all of its regions.
  # `gcloud tasks locations list` and its like tell what is new.
  regions_of = {
    "Cloud Tasks" = [
      "asia-east1", "asia-east2", "asia-northeast1", "asia-northeast2", "asia-northeast3", "asia-south1",
      "asia-southeast1", "asia-southeast2", "australia-southeast1", "europe-central2", "europe-west1", "europe-west2",
      "europe-west3", "europe-west6", "northamerica-northeast1", "northamerica-northeast2", "southamerica-east1",
      "us-central1", "us-east1", "us-east4", "us-south1", "us-west1", "us-west2", "us-west3", "us-west4",
    ]
    "Cloud Scheduler" = [
      "asia-east1", "asia-east2", "asia-northeast1", "asia-northeast2", "asia-northeast3", "asia-south1", "asia-south2",
      "asia-southeast1", "asia-southeast2", "asia-southeast3", "australia-southeast1", "europe-central2",
      "europe-west1", "europe-west12", "europe-west2", "europe-west3", "europe-west4", "europe-west6", "me-central1",
      "me-central2", "me-west1", "northamerica-northeast1", "northamerica-northeast2", "southamerica-east1",
      "us-central1", "us-east1", "us-east4", "us-west1", "us-west2", "us-west3", "us-west4",
    ]
    "Cloud Functions" = [
      "africa-south1", "asia-east1", "asia-east2", "asia-northeast1", "asia-northeast2", "asia-northeast3",
      "asia-south1", "asia-south2", "asia-southeast1", "asia-southeast2", "australia-southeast1",
      "australia-southeast2", "europe-central2", "europe-north1", "europe-southwest1", "europe-west1", "europe-west10",
      "europe-west12", "europe-west2", "europe-west3", "europe-west4", "europe-west6", "europe-west8", "europe-west9",
      "me-central1", "me-central2", "me-west1", "northamerica-northeast1", "northamerica-northeast2",
      "southamerica-east1", "southamerica-west1", "us-central1", "us-east1", "us-east4", "us-east5", "us-south1",
      "us-west1", "us-west2", "us-west3", "us-west4",
    ]
    "Firestore" = [
      "africa-south1", "asia-east1", "asia-east2", "asia-northeast1", "asia-northeast2", "asia-northeast3",
      "asia-south1", "asia-south2", "asia-southeast1", "asia-southeast2", "australia-southeast1",
      "australia-southeast2", "europe-central2", "europe-north1", "europe-north2", "europe-southwest1", "europe-west1",
      "europe-west10", "europe-west12", "europe-west2", "europe-west3", "europe-west4", "europe-west6", "europe-west8",
      "europe-west9", "me-central1", "me-central2", "me-west1", "northamerica-northeast1", "northamerica-northeast2",
      "northamerica-south1", "southamerica-east1", "southamerica-west1", "us-central1", "us-east1", "us-east4",
      "us-east5", "us-south1", "us-west1", "us-west2", "us-west3", "us-west4",
    ]
  }
  regions = setintersection(values(local.regions_of)...)

  # Cloud Build builds in no others for some new projects (its page on locations, "Restricted regions for some projects").
  safe_regions = ["us-central1", "us-west2", "europe-west1", "asia-east1", "australia-southeast1", "southamerica-east1"]

  # Firestore's multi-regions in which triggers exist too.
  firestore_locations = concat(["nam5", "eur3"], local.regions_of["Firestore"])

  gateway_regions = [
    "asia-northeast1", "australia-southeast1", "europe-west1", "europe-west2", "us-central1", "us-east1", "us-east4",
    "us-west2", "us-west3", "us-west4",
  ]
  # Where API Gateway does not exist, the nearest region in which it does, by distance.
  nearest_gateway_regions = {
    asia-east1              = "asia-northeast1"
    asia-east2              = "asia-northeast1"
    asia-northeast2         = "asia-northeast1"
    asia-northeast3         = "asia-northeast1"
    asia-south1             = "asia-northeast1"
    asia-southeast1         = "asia-northeast1"
    asia-southeast2         = "australia-southeast1"
    europe-central2         = "europe-west1"
    europe-west3            = "europe-west1"
    europe-west6            = "europe-west1"
    northamerica-northeast1 = "us-east4"
    northamerica-northeast2 = "us-east4"
    southamerica-east1      = "us-east1"
    us-west1                = "us-west3"
  }
  gateway_region = coalesce(var.gateway_region, lookup(local.nearest_gateway_regions, var.region, var.region))
}
