//! placeholder

use crate::command::commands;

commands! {}
