//! All files laid one over the other.
//!
//! A project's file is found by where the program happens to run: nobody has vouched for it. So it
//! may only name hosts that no other file names, and say where they are and what they are like. It
//! may not say how a secret is got or which of the user's secrets is used (unless the user's
//! credential has `projects = true`), may not weaken a session, and says nothing about all hosts.
//! Whoever trusts it names it, and then it is a file like the others.
//! `docs/decisions/0018-a-project-is-not-trusted.md` has the reasons.

use std::collections::btree_map::Entry as MapEntry;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use crate::credential::Credential;
use crate::entry::Entry;
use crate::file::{File, Group, Host};
use crate::mistake::{Mistake, unknown};
use crate::origin::{Layer, Value};

/// What all files say together.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The files, in the order in which they were laid.
    pub files: Vec<(Layer, Arc<Path>)>,
    /// For all hosts.
    pub defaults: Entry,
    /// In the order of the files.
    pub(crate) hosts: Vec<Host>,
    /// Where in `hosts` a name is meant, and nothing else.
    pub(crate) by_name: HashMap<String, Vec<usize>>,
    /// Where in `hosts` many are meant.
    pub(crate) patterns: Vec<usize>,
    /// By name.
    pub groups: BTreeMap<String, Group>,
    /// By name.
    pub profiles: BTreeMap<String, Entry>,
    /// By name.
    pub credentials: BTreeMap<String, Credential>,
    /// What does not count, and why: no mistakes, but not what somebody may expect.
    pub remarks: Vec<Mistake>,
}

impl Config {
    /// Lays the files one over the other, the first one lowest, and finds what is wrong with them
    /// together.
    #[must_use]
    pub fn merge(files: Vec<File>) -> (Self, Vec<Mistake>) {
        let (mut config, mut mistakes) = (Self::default(), Vec::new());
        // What others say comes first, so that it is known what a project's file may add.
        let (projects, others): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|file| file.layer == Layer::Project);
        for file in others {
            config.lay(file);
        }
        config.index();
        // Before anything of a project's is there: nobody's own hosts get a profile from it.
        config.check(&mut mistakes, |layer| layer != Layer::Project);
        for file in projects {
            mistakes.extend(overreach(&file));
            config.add(file, &mut mistakes);
        }
        config.files.sort_by_key(|(layer, _)| *layer);
        config.index();
        config.check(&mut mistakes, |layer| layer == Layer::Project);
        (config, mistakes)
    }

    /// A file that somebody has vouched for.
    fn lay(&mut self, file: File) {
        let File { layer, path, defaults, hosts, groups, profiles, credentials, .. } = file;
        self.files.push((layer, path));
        self.defaults.lay(&defaults);
        self.hosts.extend(hosts);
        self.groups.extend(groups);
        self.credentials.extend(credentials);
        for (name, profile) in profiles {
            self.profiles.entry(name).or_default().lay(&profile);
        }
    }

    /// A file that nobody has vouched for: it only ever adds.
    fn add(&mut self, file: File, mistakes: &mut Vec<Mistake>) {
        let File { layer, path, hosts, groups, profiles, .. } = file;
        self.files.push((layer, path));
        for host in hosts {
            for name in [&host.entry.credential, &host.entry.kg].into_iter().flatten() {
                mistakes.extend(self.borrowed(name));
            }
            let own = self.hosts_of(host.pattern.as_str()).next().map(|own| own.origin.clone());
            if let Some(own) = own {
                let what = format!(
                    "'{}' does not count: {} says who that is, and a project's file changes nothing \
                     of it",
                    host.pattern, own
                );
                self.remarks.push(Mistake::at(&host.origin, what));
            }
            // It is kept all the same: a pattern may stand for others too.
            self.hosts.push(host);
        }
        for (name, group) in groups {
            match self.groups.get(&name) {
                Some(own) => self.remarks.push(Mistake::at(
                    &group.origin,
                    format!("group '{name}' does not count: {} has one", own.origin),
                )),
                None => drop(self.groups.insert(name, group)),
            }
        }
        for (name, profile) in profiles {
            for name in [&profile.credential, &profile.kg].into_iter().flatten() {
                mistakes.extend(self.borrowed(name));
            }
            match self.profiles.entry(name) {
                MapEntry::Vacant(place) => drop(place.insert(profile)),
                MapEntry::Occupied(own) => self.remarks.extend(profile.rows().first().map(|row| {
                    let what =
                        format!("profile '{}' does not count: another file has one", own.key());
                    Mistake::at(&row.origin, what)
                })),
            }
        }
    }

    /// A project's file names one of the user's credentials.
    fn borrowed(&self, name: &Value<String>) -> Option<Mistake> {
        let credential = self.credentials.get(&name.value)?;
        (!credential.projects).then(|| {
            let what = format!(
                "credential '{}' ({}) is not for projects: to let project files use it, give it \
                 projects = true",
                name.value, credential.origin
            );
            Mistake::at(&name.origin, what)
        })
    }

    fn index(&mut self) {
        self.by_name.clear();
        self.patterns.clear();
        for (nth, host) in self.hosts.iter().enumerate() {
            match host.pattern.is_name() {
                true => {
                    self.by_name.entry(host.pattern.as_str().to_owned()).or_default().push(nth);
                }
                false => self.patterns.push(nth),
            }
        }
    }

    /// What files of these layers name has to be there.
    fn check(&self, mistakes: &mut Vec<Mistake>, of: impl Fn(Layer) -> bool) {
        let profiles: Vec<_> = self.profiles.keys().map(String::as_str).collect();
        let credentials: Vec<_> = self.credentials.keys().map(String::as_str).collect();
        let missing = |what: &str, name: &Option<Value<String>>, known: &[&str]| {
            let name = name.as_ref().filter(|name| of(name.origin.layer))?;
            if known.contains(&name.value.as_str()) {
                return None;
            }
            Some(Mistake::at(&name.origin, unknown(what, &name.value, known)))
        };
        let hosts = self.hosts.iter().map(|host| &host.entry);
        for entry in hosts.chain(self.profiles.values()).chain([&self.defaults]) {
            mistakes.extend(missing("credential", &entry.credential, &credentials));
            mistakes.extend(missing("credential", &entry.kg, &credentials));
            mistakes.extend(missing("profile", &entry.profile, &profiles));
        }
        let groups: Vec<_> = self.groups.keys().map(String::as_str).collect();
        for member in self.groups.values().flat_map(|group| &group.members) {
            let other = member.value.strip_prefix('@').filter(|_| of(member.origin.layer));
            if let Some(other) = other.filter(|other| !self.groups.contains_key(*other)) {
                mistakes.push(Mistake::at(&member.origin, unknown("group", other, &groups)));
            }
        }
    }
}

/// What a file says that nobody has vouched for, and that takes trust.
fn overreach(file: &File) -> Vec<Mistake> {
    const TRUST: &str = "name the file with --config or LANTERN_CONFIG if you trust it";
    let sections = file.privileged.iter().map(|(section, origin)| {
        let what = format!("a file that is found in a project has no {section}: {TRUST}");
        Mistake::at(origin, what)
    });
    let entries = file.hosts.iter().map(|host| &host.entry).chain(file.profiles.values());
    let weakened = entries.flat_map(|entry| {
        let weakened = [&entry.allow_insecure_suites, &entry.allow_ipmi15];
        let weakened = weakened.into_iter().flatten().filter(|allowed| allowed.value);
        weakened.map(|allowed| {
            let what = format!("a file that is found in a project weakens no session: {TRUST}");
            Mistake::at(&allowed.origin, what)
        })
    });
    sections.chain(weakened).collect()
}
