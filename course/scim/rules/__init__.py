"""Rules of provisioning by SCIM 2.0 (RFC 7643, RFC 7644): what is read of a resource, and what groups give. Pure."""
