//! The file of a console server, with `lantern.toml`: from hosts and groups to consoles, each with a
//! name and a way to it.

use std::collections::HashMap;
use std::path::Path;

use ipmi_client::sol::Options;
use lantern_config::{ConsoleEntry, ConsoleFile, Mistake, console_name};

use crate::commands::file;
use crate::connect::{Hosts, Login};
use crate::error::Error;
use crate::fleet::named;
use crate::target::Target;

/// A console that is to be kept.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) host: String,
    pub(super) target: Target,
    pub(super) login: Login,
    pub(super) options: Options,
}

impl Wanted {
    /// What makes it this console and no other.
    pub(super) fn what(&self) -> String {
        format!("{:?} {:?}", self.target, self.options)
    }
}

/// What the file says. With a mistake anywhere nothing is done.
pub(super) fn read(path: &Path) -> Result<ConsoleFile, Error> {
    let bytes = file::contents(path)
        .map_err(|error| Error::usage(format!("{}: {error}", path.display())))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Error::usage(format!("{}: it is not text", path.display())))?;
    let (file, mistakes) = ConsoleFile::parse(&text, path);
    let Some(first) = mistakes.first() else { return Ok(file) };
    let more = match mistakes.len().saturating_sub(1) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    Err(Error::usage(format!("{first}{more}")))
}

/// All consoles of the file. May ask for passwords.
pub(super) fn wanted(file: &ConsoleFile, hosts: &dyn Hosts) -> Result<Vec<Wanted>, Error> {
    let mut taken: HashMap<String, String> = HashMap::new();
    let mut all = Vec::new();
    for entry in &file.consoles {
        let wrong = |why: String| wrong(entry, why);
        let members = named(&entry.hosts.value, hosts).map_err(wrong)?;
        if let (Some(name), true) = (&entry.name, members.len() != 1) {
            let why = format!("these are {} BMCs, and one name is for one", members.len());
            return Err(Error::usage(Mistake::at(&name.origin, why).to_string()));
        }
        for host in members {
            let name = entry.name.as_ref().map_or(&host, |name| &name.value).clone();
            let name = console_name(&name).map_err(wrong)?;
            if let Some(other) = taken.insert(name.clone(), host.clone()) {
                return Err(wrong(format!("'{name}' is the name of {other}'s console already")));
            }
            let (target, login) = hosts.of(&host)?;
            let options = Options {
                instance: entry.instance.as_ref().map_or(1, |instance| instance.value),
                protect: entry.encrypt,
                steal: entry.steal,
                ..Options::default()
            };
            all.push(Wanted { name, host, target, login, options });
        }
    }
    Ok(all)
}

fn wrong(entry: &ConsoleEntry, why: String) -> Error {
    Error::usage(Mistake::at(&entry.hosts.origin, why).to_string())
}
