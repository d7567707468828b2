//! A BMC's configuration file.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::records::config);
