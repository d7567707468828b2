//! An administrator's `lantern.toml`, with one that was found in a project.
#![no_main]
lantern_fuzz::target!(lantern_fuzz::records::console_config);
