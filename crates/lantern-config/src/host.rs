//! What holds for one host.

use std::net::IpAddr;

use crate::entry::{Entry, HOST_NAME};
use crate::file::Host;
use crate::merge::Config;
use crate::origin::{Layer, Origin};

/// What the files say about one host, all in all.
#[derive(Clone, Debug, Default)]
pub struct Effective {
    /// What it comes to.
    pub entry: Entry,
    /// Which `[hosts.NAME]` it is from, the strongest one last; none if the host is not named.
    pub hosts: Vec<Origin>,
}

impl Config {
    /// What holds for the host that is called `name`: from weak to strong `[defaults]`, the
    /// profile, patterns, and its own name. Of two of a kind, the later one is stronger.
    #[must_use]
    pub fn of_host(&self, name: &str) -> Effective {
        let hosts: Vec<_> = self.hosts_of(name).collect();
        let mut own = Entry::default();
        for host in &hosts {
            own.lay(&host.entry);
        }
        let profile = own.profile.as_ref().or(self.defaults.profile.as_ref());
        let profile = profile.and_then(|profile| self.profiles.get(&profile.value));
        let mut entry = self.defaults.clone();
        profile.into_iter().for_each(|profile| entry.lay(profile));
        entry.lay(&own);
        // An address is one, and needs no other.
        if name.parse::<IpAddr>().is_ok() {
            entry.address = None;
        }
        if let Some(address) = &mut entry.address {
            address.value = address.value.replace(HOST_NAME, name);
        }
        Effective { entry, hosts: hosts.iter().map(|host| host.origin.clone()).collect() }
    }

    /// The entries for `name`, the strongest last. Where anybody else names it, what a project's
    /// file says of it does not count.
    pub(crate) fn hosts_of(&self, name: &str) -> impl Iterator<Item = &Host> {
        let patterns = self.patterns.iter().filter_map(|nth| self.hosts.get(*nth));
        let patterns = patterns.filter(|host| host.pattern.matches(name));
        let own = self.by_name.get(name).into_iter().flatten();
        let own = own.filter_map(|nth| self.hosts.get(*nth));
        let found: Vec<_> = patterns.chain(own).collect();
        let vouched = found.iter().any(|host| host.origin.layer != Layer::Project);
        found.into_iter().filter(move |host| !vouched || host.origin.layer != Layer::Project)
    }

    /// The names that stand for one host each.
    pub fn host_names(&self) -> impl Iterator<Item = &str> {
        self.hosts.iter().filter(|host| host.pattern.is_name()).map(|host| host.pattern.as_str())
    }

    /// Every `[hosts.NAME]`, in the order of the files.
    #[must_use]
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }
}
