"""What Terraform would make, held against the relay's code. The runs are those of terraform/tests/*.tftest.hcl."""
