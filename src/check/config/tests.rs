//! Tests of the language of virtual servers.
