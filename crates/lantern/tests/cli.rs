//! The program as its users meet it: words in, output and exit codes out, against a BMC that is
//! the same program in another process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests; helpers outside of test functions fail them by panicking"
)]

#[path = "cli/commands.rs"]
mod commands;
#[path = "cli/login.rs"]
mod login;
#[path = "cli/serving.rs"]
mod serving;
#[path = "cli/support.rs"]
mod support;
