//! The machine's own BMC: which device node is meant, and what is told if it cannot be opened.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use ipmi_client::Device;
use ipmi_client::local::{Machine, Trouble, node_names};

use crate::cli::Globals;
use crate::codes::Code;
use crate::error::{Error, Exit};

/// How long an answer may take unless something else is said. The kernel has limits of its own, of
/// five seconds for each step of the interface, and says more than silence does.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// Which of the machine's BMCs is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LocalBmc {
    /// Where its node may be: the first that there is.
    pub(crate) nodes: Vec<PathBuf>,
    /// What the kernel is told of the BMC's slave address.
    own_address: Option<u8>,
}

impl LocalBmc {
    /// The one that the options name, which have nothing that is for others. Whoever forgets `-H`
    /// must not switch off the machine that this is typed on.
    pub(crate) fn named(globals: &Globals) -> Result<Self, Error> {
        let of_others = [
            ("-U", globals.user.is_some()),
            ("-P", globals.password.is_some()),
            ("--password-file", globals.password_file.is_some()),
            ("--password-fd", globals.password_fd.is_some()),
            ("--password-command", globals.password_command.is_some()),
            ("--kg-file", globals.kg_file.is_some()),
            ("-p", globals.port.is_some()),
            ("-L", globals.privilege.is_some()),
            ("-C", !globals.cipher_suites.is_empty()),
            ("--allow-ipmi15", globals.allow_ipmi15),
            ("-A", !globals.auth_types.is_empty()),
            ("--source-address", globals.source_address.is_some()),
            ("--source-port", globals.source_port.is_some()),
        ];
        if let Some((option, _)) = of_others.into_iter().find(|(_, typed)| *typed) {
            return Err(Error::usage(format!(
                "no BMC was named, and {option} is for one on a network"
            ))
            .cause("without -H it is this machine's own BMC that is meant, and it takes no login")
            .next(format!("say which one: -H HOST; or leave {option} out")));
        }
        Ok(Self::at(globals.device.clone(), globals.local_address))
    }

    /// The one of this number, or behind this node.
    pub(crate) fn at(device: Option<PathBuf>, own_address: Option<u8>) -> Self {
        let number = match &device {
            None => Some(0),
            Some(word) => word.to_str().and_then(|word| word.parse().ok()),
        };
        let nodes = match (number, device) {
            (Some(number), _) => node_names(number),
            (None, device) => device.into_iter().collect(),
        };
        Self { nodes, own_address }
    }

    /// Opens it. Has to be called inside a tokio runtime.
    pub(crate) fn open(&self, machine: &Machine) -> Result<Device, Error> {
        machine.open(&self.nodes, self.own_address).map_err(|trouble| unopened(&trouble))
    }
}

impl fmt::Display for LocalBmc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.nodes.first() {
            Some(node) => node.display().fmt(f),
            None => f.write_str("no device"),
        }
    }
}

fn unopened(trouble: &Trouble) -> Error {
    let advice = trouble.advice();
    Error::told(Exit::NoSession, format!("this machine's own BMC: {trouble}"))
        .code(Code::from(trouble.cause()))
        .cause(advice.cause)
        .next(advice.next)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    fn named(words: &str) -> Result<LocalBmc, Error> {
        let line = format!("lantern {words} power off");
        LocalBmc::named(&Cli::try_parse_from(line.split_whitespace()).unwrap().globals)
    }

    #[test]
    fn a_number_is_a_node_by_its_usual_names_and_a_path_is_itself() {
        let nodes = |words| named(words).unwrap().nodes;
        let paths = |paths: &[&str]| paths.iter().map(PathBuf::from).collect::<Vec<_>>();
        assert_eq!(nodes(""), paths(&["/dev/ipmi0", "/dev/ipmi/0", "/dev/ipmidev/0"]));
        assert_eq!(
            nodes("--local-device 1"),
            paths(&["/dev/ipmi1", "/dev/ipmi/1", "/dev/ipmidev/1"])
        );
        assert_eq!(nodes("--local-device /dev/ipmi7"), paths(&["/dev/ipmi7"]));
    }

    #[test]
    fn who_forgets_the_host_switches_nothing_off() {
        for words in ["-U admin", "-P x", "-p 9623", "-L user", "-C 3", "-A md5", "--source-port 9"]
        {
            let Err(Error::Told(report)) = named(words) else { panic!("{words}") };
            assert_eq!(report.exit, Exit::Usage, "{words}");
            assert!(report.message.contains(words.split(' ').next().unwrap()), "{words}");
        }
        assert!(named("--deadline 3 -t 0x82 --window 1 --no-cache").is_ok());
    }
}
