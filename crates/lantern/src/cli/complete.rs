//! What a shell offers beyond words: hosts and groups of `lantern.toml`, sensors that some BMC was
//! found to have. Nothing is sent, nothing asked; what cannot be found out in no time is left out.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{CommandFactory, Parser};
use clap_complete::CompleteEnv;
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use ipmi_client::{Cache, Location};
use lantern_config::Config;

use super::{Cli, Globals};
use crate::commands::docs::COMPLETE;
use crate::configuration::{places, read};
use crate::learned::cache_directory;
use crate::settings::settings_for;
use crate::view::plain::plain;

/// Whether bash is asking, which takes a candidate for words that are typed: all other shells see
/// to blanks themselves.
static IS_BASH: AtomicBool = AtomicBool::new(false);

/// Completes the line and ends, if a shell has asked for that with what `lantern completions`
/// prints.
pub(crate) fn if_asked() {
    let shell = std::env::var_os(COMPLETE).unwrap_or_default();
    IS_BASH
        .store(Path::new(&shell).file_name().is_some_and(|name| name == "bash"), Ordering::Relaxed);
    CompleteEnv::with_factory(Cli::command).var(COMPLETE).complete();
}

/// More than anybody looks through.
const MOST: usize = 2000;

/// Hosts by their names, and groups.
pub(super) fn hosts() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        // A file with mistakes has good parts.
        let (config, _) = read(&places(&typed()));
        let hosts: BTreeSet<_> = config.host_names().map(str::to_owned).collect();
        let groups = config.groups.keys().map(|name| format!("@{name}"));
        candidates(hosts.into_iter().chain(groups))
    })
}

/// Names of the BMC's sensors, as far as they were read before; of all BMCs, if it is not clear
/// which is meant.
pub(super) fn sensors() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let globals = typed();
        let (config, _) = read(&places(&globals));
        let Some(cache) = cache_directory().map(Cache::at) else { return Vec::new() };
        let address = address(&globals, &config);
        candidates(cache.sensor_names(address.as_ref()).into_iter())
    })
}

/// Network functions by their names.
pub(super) fn netfns() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        candidates(super::firewall::NETFNS.into_iter().map(|(name, ..)| name.to_owned()))
    })
}

/// Commands by the specification's names.
pub(super) fn ipmi_commands() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let names = ipmi_wire::registry::all().map(|entry| entry.name);
        candidates(names.map(|name| name.to_ascii_lowercase().replace(' ', "-")))
    })
}

fn candidates(names: impl Iterator<Item = String>) -> Vec<CompletionCandidate> {
    let typed = |name: String| match IS_BASH.load(Ordering::Relaxed) {
        true => as_typed(&name),
        false => name,
    };
    // What a terminal would obey is some BMC's joke, and no name.
    let names = names.filter(|name| plain(name) == *name).take(MOST);
    names.map(|name| CompletionCandidate::new(typed(name))).collect()
}

/// With a backslash before what a shell would act on.
fn as_typed(name: &str) -> String {
    let bare = |c: char| c.is_alphanumeric() || "@%_+=:,./-".contains(c);
    let typed = name.chars().flat_map(|c| (!bare(c)).then_some('\\').into_iter().chain([c]));
    typed.collect()
}

/// Where the BMC is that is meant, if no name service has to be asked.
fn address(globals: &Globals, config: &Config) -> Option<Location> {
    let settings = settings_for(globals, config, globals.hosts.first()?).ok()?;
    let is_address = settings.address.value.parse::<std::net::IpAddr>().is_ok();
    let target = is_address.then(|| settings.target());
    target.and_then(|target| target.resolve().ok()).map(Location::Lan)
}

/// The connection's options, out of a line that is not finished: the shell passes its words after
/// `--`.
fn typed() -> Globals {
    let words = std::env::args_os().skip_while(|word| word != "--").skip(2);
    globals_of(&words.collect::<Vec<_>>())
}

/// Those that say which BMC is meant and which file says so; all others have nothing to do with it.
fn globals_of(words: &[OsString]) -> Globals {
    let mut line = vec![OsString::from("lantern")];
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        match &*text {
            "-H" | "--host" | "-p" | "--port" | "--config" => {
                line.extend(
                    words.next().map(|value| [word.clone(), value.clone()]).into_iter().flatten(),
                );
            }
            text if ["-H", "-p", "--host=", "--port=", "--config="]
                .iter()
                .any(|option| text.starts_with(option)) =>
            {
                line.push(word.clone());
            }
            _ => {}
        }
    }
    line.extend(["power", "status"].map(OsString::from));
    let plain = || Cli::parse_from(["lantern", "power", "status"]);
    Cli::try_parse_from(line).unwrap_or_else(|_| plain()).globals
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_a_name_for_one_word() {
        let words = shlex::split(&as_typed("CPU1 Temp (a'b) $x")).unwrap();
        assert_eq!(words, ["CPU1 Temp (a'b) $x"]);
        assert_eq!(as_typed("@rack1-n01.mgmt"), "@rack1-n01.mgmt");
    }

    #[test]
    fn the_bmc_is_found_in_a_line_that_is_not_finished() {
        for (line, host, port) in [
            ("-H rack1 sensor get", Some("rack1"), None),
            ("sensor get --host=rack1 -p 99 -U", Some("rack1"), Some(99)),
            ("-Hrack1 sensor get 'FAN", Some("rack1"), None),
            ("sensor get -H", None, None),
            ("-H rack1 -p x", None, None),
            ("", None, None),
        ] {
            let words: Vec<_> = line.split(' ').map(OsString::from).collect();
            let globals = globals_of(&words);
            assert_eq!(
                (globals.hosts.first().map(String::as_str), globals.port),
                (host, port),
                "{line}"
            );
        }
    }
}
