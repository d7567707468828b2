//! `lantern config`: what `lantern.toml` says, and whether it is right.

use std::path::PathBuf;

use lantern_config::Explicit;

use super::Outcome;
use crate::cli::{ConfigCommand, Globals};
use crate::configuration::{load, places, read};
use crate::settings::settings_for;
use crate::view::config::{Check, Paths, Settings};

pub(crate) fn run(command: &ConfigCommand, globals: &Globals) -> Outcome {
    match command {
        ConfigCommand::Check { file } => Ok(Box::new(check(file.as_ref(), globals))),
        ConfigCommand::Path => Ok(Box::new(Paths::new(&places(globals).list()))),
        ConfigCommand::Show => {
            let config = load(globals)?;
            let shown = match globals.hosts.first() {
                None => Settings::all(&config),
                Some(host) => {
                    let settings = settings_for(globals, &config, host)?;
                    Settings::of_host(&settings, &config.of_host(&settings.name))
                }
            };
            Ok(Box::new(shown))
        }
    }
}

fn check(file: Option<&PathBuf>, globals: &Globals) -> Check {
    let mut places = places(globals);
    if let Some(file) = file {
        places.named = Explicit::File(file.clone());
    }
    let (config, mistakes) = read(&places);
    Check::new(&config, &mistakes)
}
