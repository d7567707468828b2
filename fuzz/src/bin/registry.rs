//! Every command's request and response.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::registry::every_command);
