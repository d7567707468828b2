//! `lantern config`: what `lantern.toml` says, and whether it is right.

use std::path::PathBuf;

use lantern_config::Explicit;

use super::Outcome;
use crate::cli::{ConfigCommand, Globals};
use crate::configuration::{load, places, read};
use crate::error::{Error, Exit};
use crate::learned::Notebook;
use crate::settings::settings_for;
use crate::view::config::{Check, Paths, Settings};
use crate::view::learned::{Forgotten, Lessons};

pub(crate) fn run(command: &ConfigCommand, globals: &Globals) -> Outcome {
    match command {
        ConfigCommand::Check { file } => Ok(Box::new(check(file.as_ref(), globals))),
        ConfigCommand::Path => Ok(Box::new(Paths::new(&places(globals).list()))),
        ConfigCommand::Learned { forget } => learned(*forget, globals),
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

fn learned(forget: bool, globals: &Globals) -> Outcome {
    let address = match globals.hosts.first() {
        None => None,
        Some(host) => {
            let config = load(globals)?;
            Some(settings_for(globals, &config, host)?.target().resolve()?)
        }
    };
    let mut notebook = Notebook::load();
    if !forget {
        return Ok(Box::new(Lessons::of(&notebook, address)));
    }
    let forgotten = notebook.forget(address);
    notebook.try_save().map_err(|error| {
        Error::told(Exit::Failed, format!("what was learned cannot be forgotten: {error}"))
            .cause("the cache directory cannot be written to")
            .next("see its permissions, or remove bmcs.json in it by hand")
    })?;
    Ok(Box::new(Forgotten::new(forgotten)))
}

fn check(file: Option<&PathBuf>, globals: &Globals) -> Check {
    let mut places = places(globals);
    if let Some(file) = file {
        places.named = Explicit::File(file.clone());
    }
    let (config, mistakes) = read(&places);
    Check::new(&config, &mistakes)
}
