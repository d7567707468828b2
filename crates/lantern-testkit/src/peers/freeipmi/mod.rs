//! FreeIPMI's programs, over IPMI 2.0 or 1.5.
//!
//! FreeIPMI keeps SDR caches in the user's home, wherever `$HOME` points, and takes a stale one for
//! an error; and it reads a configuration file of the whole system. A test wants neither, so each
//! value here has a directory of its own, for the cache and for an empty configuration file.

pub mod parse;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::{PATIENCE, Peer};
use crate::process::{self, Output};

/// FreeIPMI, aimed at one BMC. The SDR cache lives as long as this value.
#[derive(Debug)]
pub struct FreeIpmi {
    dir: TempDir,
    addr: SocketAddr,
    user: String,
    password: String,
    protocol: Protocol,
    privilege: String,
    options: Vec<String>,
    timeout: Duration,
}

#[derive(Clone, Debug)]
enum Protocol {
    /// With this cipher suite.
    V20(u8),
    /// With this authentication type.
    V15(String),
}

impl FreeIpmi {
    /// FreeIPMI with cipher suite 3 (its default) as ADMIN, or `None` with a notice if it is not
    /// installed: see [`Peer::find`].
    ///
    /// # Panics
    /// If no temporary directory can be made.
    #[must_use]
    pub fn new(addr: SocketAddr, user: &str, password: &str) -> Option<Self> {
        let _first_of_the_package = Peer::find("bmc-info")?;
        let dir = TempDir::new().expect("a temporary directory");
        std::fs::write(dir.path().join(CONFIG), "").expect("a file in it");
        Some(Self {
            dir,
            addr,
            user: user.to_owned(),
            password: password.to_owned(),
            protocol: Protocol::V20(3),
            privilege: "ADMIN".to_owned(),
            options: Vec::new(),
            timeout: PATIENCE,
        })
    }

    /// Asks for this cipher suite (`-I`).
    #[must_use]
    pub fn suite(mut self, suite: u8) -> Self {
        self.protocol = Protocol::V20(suite);
        self
    }

    /// Speaks IPMI 1.5 (`-D LAN`) with this authentication type (`-a`): `none`, `md2`, `md5` or
    /// `straight_password_key`.
    #[must_use]
    pub fn lan(mut self, authentication: &str) -> Self {
        self.protocol = Protocol::V15(authentication.to_owned());
        self
    }

    /// Asks for this privilege (`-l`): `USER`, `OPERATOR` or `ADMIN`.
    #[must_use]
    pub fn privilege(mut self, level: &str) -> Self {
        level.clone_into(&mut self.privilege);
        self
    }

    /// Any other options, for example `-W` and `opensesspriv`.
    #[must_use]
    pub fn options<'a>(mut self, options: impl IntoIterator<Item = &'a str>) -> Self {
        self.options.extend(options.into_iter().map(str::to_owned));
        self
    }

    /// Kills it after this long instead of after [`PATIENCE`].
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Where the SDR cache is; the configuration file is there too.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.dir.path()
    }

    /// The command that [`run`](Self::run) runs.
    ///
    /// # Panics
    /// If `tool` is not installed although another of FreeIPMI's programs is.
    #[must_use]
    pub fn command(&self, tool: &str, words: &str) -> Command {
        let peer = Peer::find(tool).unwrap_or_else(|| panic!("{tool} is not part of FreeIPMI"));
        let mut command = peer.command();
        command.arg("--config-file").arg(self.dir.path().join(CONFIG));
        if WITH_CACHE.contains(&tool) {
            command.arg("--sdr-cache-directory").arg(self.dir.path());
        }
        // `SocketAddr` writes an IPv6 address in brackets, as FreeIPMI reads it.
        match &self.protocol {
            // There is no console in IPMI 1.5, and so no option.
            Protocol::V20(suite) if tool == "ipmiconsole" => {
                command.args(["-I", &suite.to_string()])
            }
            Protocol::V20(suite) => command.args(["-D", "LAN_2_0", "-I", &suite.to_string()]),
            Protocol::V15(authentication) => command.args(["-D", "LAN", "-a", authentication]),
        };
        command.args(["-h", &self.addr.to_string(), "-l", &self.privilege]);
        command.args(["-u", &self.user, "-p", &self.password]);
        command.args(&self.options).args(words.split_whitespace());
        command
    }

    /// Runs, for example, `ipmipower` with `--stat`; `words` are split at blanks.
    ///
    /// # Panics
    /// As [`command`](Self::command).
    pub fn run(&self, tool: &str, words: &str) -> Output {
        process::run(&mut self.command(tool, words), self.timeout)
    }
}

/// The programs that keep an SDR cache; the others do not know the option.
const WITH_CACHE: [&str; 7] =
    ["bmc-device", "ipmi-config", "ipmi-fru", "ipmi-oem", "ipmi-pet", "ipmi-sel", "ipmi-sensors"];

/// The configuration file's name.
const CONFIG: &str = "freeipmi.conf";
