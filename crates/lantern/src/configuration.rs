//! `lantern.toml` for this run: where it is looked for, and what is done about mistakes.

use std::path::PathBuf;

use lantern_config::{Config, Explicit, Mistake, Places};

use crate::cli::{Format, Globals};
use crate::error::Error;
use crate::target::Target;

/// Names a file to lay over all others, or `none`.
const NAMED: &str = "LANTERN_CONFIG";

/// Where this run looks.
pub(crate) fn places(globals: &Globals) -> Places {
    let variable =
        |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let named = globals.config.clone().or_else(|| variable(NAMED));
    Places {
        system: Some(PathBuf::from(Places::SYSTEM)),
        user: Places::user_file(variable("XDG_CONFIG_HOME"), std::env::home_dir()),
        project_from: std::env::current_dir().ok(),
        named: named.map_or(Explicit::Unsaid, Explicit::parse),
    }
}

/// What all files say, and everything that is wrong with them.
pub(crate) fn read(places: &Places) -> (Config, Vec<Mistake>) {
    let (config, mut mistakes) = places.load();
    // How an address is written is this program's business.
    for host in config.hosts() {
        let address = host.entry.address.as_ref();
        let wrong = address
            .filter(|address| Target::parts(&address.value.replace("{host}", "host")).is_err());
        mistakes.extend(wrong.map(|address| {
            let what = "not an address: HOST, HOST:PORT, an IPv6 address, or [IPv6]:PORT";
            Mistake::at(&address.origin, what)
        }));
    }
    (config, mistakes)
}

/// What all files say. With a mistake anywhere nothing is done: the host that it keeps from being
/// found could be taken for another one.
pub(crate) fn load(globals: &Globals) -> Result<Config, Error> {
    let (config, mistakes) = read(&places(globals));
    if let Some(first) = mistakes.first() {
        let more = match mistakes.len().saturating_sub(1) {
            0 => String::new(),
            1 => "; and one mistake more".to_owned(),
            count => format!("; and {count} mistakes more"),
        };
        return Err(Error::usage(format!("{first}{more}")).next(
            "'lantern config check' finds all mistakes; '--config none' does without any file",
        ));
    }
    for remark in &config.remarks {
        tracing::info!("{remark}");
    }
    Ok(config)
}

/// The form that the files want results in.
pub(crate) fn format(config: &Config) -> Option<Format> {
    use lantern_config::Form;
    config.defaults.output.as_ref().map(|form| match form.value {
        Form::Table => Format::Table,
        Form::Json => Format::Json,
        Form::Jsonl => Format::Jsonl,
        Form::Csv => Format::Csv,
        Form::Yaml => Format::Yaml,
    })
}
