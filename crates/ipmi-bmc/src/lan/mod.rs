//! The LAN configuration parameters: how the BMC is reached, and what it allows there.
//!
//! **Who writes without setting "set in progress" first changes what holds, at once.** Who has set
//! it collects what is written over the same session (it reads back as written, and only there), and
//! all of that holds, is kept, and is told to whoever applies it when the same session writes "commit
//! write" or "set complete". The specification lets "set complete" without "commit write" throw away
//! what was written; here it does not, for there are consoles that never commit, and what was
//! acknowledged is not lost. It is taken back only if nobody completes it: see [`Staging`].
//!
//! What is configured is delivered; what commands set is kept, and holds as long as the
//! configuration says the same of the network. Cipher suites are kept by their number, so that
//! another list of them in the configuration gives no suite another one's privilege.

mod network;
mod parameters;
mod staging;
mod statistics;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::time::Instant;

use ipmi_wire::CompletionCode;
use ipmi_wire::Privilege;
use ipmi_wire::cmd::app::AuthTypes;
use ipmi_wire::cmd::chassis::SetInProgress;
use ipmi_wire::cmd::transport::{
    AddressSource, ArpControl, AuthTypeEnables, LanParameter, MacAddress,
};
use ipmi_wire::session::{AuthType, CipherSuite};

pub use network::{Dynamic6, Lease, Network, NetworkSettings, Router6, Static6};
use parameters::{Fixed, Parameters};
pub(crate) use staging::{Holder, IN_PROGRESS, PATIENCE, Staging};
pub(crate) use statistics::Statistics;

use crate::dispatch::Outcome;
use crate::nvram::{Journal, Key, Memory, Room};
use crate::users::LanPolicy;

/// There is no such parameter. IPMI v2.0 §23.1.
pub(crate) const UNSUPPORTED: CompletionCode = CompletionCode(0x80);
/// It cannot be written.
pub(crate) const READ_ONLY: CompletionCode = CompletionCode(0x82);

/// The parameters of the LAN channel.
#[derive(Debug)]
pub(crate) struct LanConfig {
    /// What no command changes.
    fixed: Fixed,
    /// What holds.
    values: Parameters,
    staging: Staging<(u8, u8), LanParameter>,
    /// What DHCP has given.
    lease: Option<Lease>,
    /// What Suspend BMC ARPs has stopped.
    suspended: ArpControl,
    /// The network's settings have changed and nobody was told yet.
    changed: bool,
}

impl LanConfig {
    /// The parameters of a BMC that starts with `policy`, as delivered, and what is kept.
    pub(crate) fn new(policy: &LanPolicy, memory: &Memory, journal: &mut Journal) -> Self {
        let fixed = Fixed {
            suites: policy.suites.clone(),
            auth_types: auth_types(&policy.ipmi15),
            network: policy.network.clone(),
        };
        let mut values = Parameters::delivered(policy);
        let is_same = memory.lan_seed.as_deref() == Some(&*policy.network.seed());
        if !is_same {
            journal.put_bytes(SEED, policy.network.seed());
        }
        for parameter in &memory.lan_parameters {
            if !is_same && Network::is_configured(parameter) {
                journal.remove(key(parameter));
                continue;
            }
            // Of a later program with the same format: what it added does not concern this one.
            let _ = values.set(parameter, &fixed);
        }
        values.recall_suites(&memory.suite_privileges, &fixed);
        Self {
            lease: policy.network.lease,
            fixed,
            values,
            staging: Staging::default(),
            suspended: ArpControl::default(),
            // Nobody knows what became of the interface meanwhile.
            changed: true,
        }
    }

    /// The parameters of a BMC with the same suites that starts in the network of `policy`.
    pub(crate) fn sibling(&self, policy: &LanPolicy) -> Self {
        let policy = LanPolicy { suites: self.fixed.suites.clone(), ..policy.clone() };
        Self::new(&policy, &Memory::default(), &mut Journal::forgetful())
    }

    /// Somebody who may be setting parameters has asked for one.
    pub(crate) fn prolong(&mut self, now: Instant, by: Holder) {
        self.staging.prolong(now, by);
    }

    /// Lets go of what nobody completes.
    pub(crate) fn expire(&mut self, now: Instant, is_open: impl Fn(u32) -> bool) {
        self.staging.expire(now, is_open);
    }

    /// What a reset of the controller does.
    pub(crate) fn reset(&mut self) {
        self.staging.reset();
        self.suspended = ArpControl::default();
    }

    /// The parameter `selector` as `by` sees it. Without a value only whether there is one.
    pub(crate) fn get(
        &self,
        by: Holder,
        selector: u8,
        set: u8,
        block: u8,
    ) -> Outcome<LanParameter> {
        match selector {
            0 => Ok(LanParameter::SetInProgress(self.staging.state())),
            _ => self.seen(by).get(&self.fixed, self.lease, selector, set, block),
        }
    }

    /// Sets a parameter; whether something holds now that did not before.
    pub(crate) fn set(
        &mut self,
        now: Instant,
        by: Holder,
        parameter: LanParameter,
        journal: &mut Journal,
    ) -> Outcome<bool> {
        if let LanParameter::SetInProgress(state) = parameter {
            let written = match state {
                SetInProgress::InProgress => {
                    self.staging.begin(now, by)?;
                    Vec::new()
                }
                SetInProgress::CommitWrite => self.staging.commit(now, by)?,
                SetInProgress::Complete => self.staging.complete(by)?,
            };
            let is_something = !written.is_empty();
            written.into_iter().for_each(|parameter| self.put(&parameter, journal));
            return Ok(is_something);
        }
        // What is refused is refused when it is written, not when it is committed.
        let mut seen = self.seen(by).into_owned();
        seen.allows(&parameter)?;
        seen.set(&parameter, &self.fixed)?;
        let place = (parameter.selector(), parameter.set());
        Ok(match self.staging.stage(now, by, place, parameter) {
            None => false,
            Some(parameter) => {
                self.put(&parameter, journal);
                true
            }
        })
    }

    /// Suspend BMC ARPs; what goes on.
    pub(crate) fn suspend_arps(&mut self, suspend: ArpControl) -> ArpControl {
        self.suspended = suspend;
        let (wanted, suspended) = (self.values.arp, self.suspended);
        ArpControl {
            gratuitous: wanted.gratuitous && !suspended.gratuitous,
            responses: wanted.responses && !suspended.responses,
        }
    }

    /// Makes `policy` what the parameters say: cipher suites, authentication types, wrong passwords.
    pub(crate) fn enforce(&self, policy: &mut LanPolicy) {
        policy.suites = self.values.enabled_suites(&self.fixed);
        policy.bad_password = self.values.bad_password_policy();
        policy.auth_enables = self.values.auth_enables;
        let enabled = self.values.auth_enables.0;
        policy.ipmi15 = auth_type_list(&self.fixed.auth_types)
            .filter(|auth_type| enabled.iter().any(|types| has(types, *auth_type)))
            .collect();
    }

    /// What DHCP has given, or that it gives nothing any more.
    pub(crate) fn set_lease(&mut self, lease: Option<Lease>) {
        self.lease = lease;
    }

    /// What DHCP has given.
    pub(crate) const fn lease(&self) -> Option<Lease> {
        self.lease
    }

    /// The network's settings.
    pub(crate) fn settings(&self) -> NetworkSettings {
        self.values.settings()
    }

    /// The network's settings, if they have changed since the last time.
    pub(crate) fn take_change(&mut self) -> Option<NetworkSettings> {
        core::mem::take(&mut self.changed).then(|| self.values.settings())
    }

    /// What holds, with what `by` has written and not committed yet.
    fn seen(&self, by: Holder) -> Cow<'_, Parameters> {
        let mut seen = Cow::Borrowed(&self.values);
        for parameter in self.staging.of(by) {
            // It was checked when it was written.
            let _ = seen.to_mut().set(parameter, &self.fixed);
        }
        seen
    }

    /// Lets a parameter hold, and notes it.
    fn put(&mut self, parameter: &LanParameter, journal: &mut Journal) {
        let before = self.values.settings();
        // It was checked when it was written, by what does not change.
        let _ = self.values.set(parameter, &self.fixed);
        self.changed |= self.values.settings() != before;
        if let LanParameter::CipherSuitePrivileges(_) = parameter {
            for (suite, level) in &self.values.suites {
                journal.put_bytes(suite_key(*suite), [*level]);
            }
        } else if !is_volatile(parameter) {
            journal.put(key(parameter), parameter);
        }
    }
}

/// Where what the configuration said of the network is kept.
pub(crate) const SEED: Key = Key { room: Room::Lan, number: 0xffff };
/// The parameter of the cipher suites' privileges, which is kept as one value for each.
pub(crate) const SUITES: u8 = 24;

fn key(parameter: &LanParameter) -> Key {
    let number = u32::from_le_bytes([parameter.selector(), parameter.set(), 0, 0]);
    Key { room: Room::Lan, number }
}

fn suite_key(suite: CipherSuite) -> Key {
    Key { room: Room::Lan, number: u32::from_le_bytes([SUITES, suite.0, 0, 0]) }
}

/// Destination 0 is for the software that is at it now. §23.2, Table 23-4, parameter 18.
const fn is_volatile(parameter: &LanParameter) -> bool {
    matches!(parameter.selector(), 18 | 19 | 25) && parameter.set() == 0
}

pub(crate) fn auth_types(list: &[AuthType]) -> AuthTypes {
    AuthTypes {
        none: list.contains(&AuthType::None),
        md2: list.contains(&AuthType::Md2),
        md5: list.contains(&AuthType::Md5),
        straight_password: list.contains(&AuthType::Password),
        oem: false,
    }
}

fn auth_type_list(types: &AuthTypes) -> impl Iterator<Item = AuthType> {
    let types = *types;
    [AuthType::Md5, AuthType::Md2, AuthType::Password, AuthType::None]
        .into_iter()
        .filter(move |auth_type| has(&types, *auth_type))
}

/// Whether `auth_type` is among `types`.
pub(crate) const fn has(types: &AuthTypes, auth_type: AuthType) -> bool {
    match auth_type {
        AuthType::None => types.none,
        AuthType::Md2 => types.md2,
        AuthType::Md5 => types.md5,
        AuthType::Password => types.straight_password,
        _ => false,
    }
}

/// The types that are enabled for a privilege level.
pub(crate) fn enabled_for(enables: &AuthTypeEnables, privilege: Privilege) -> AuthTypes {
    let index = usize::from(privilege.number()).saturating_sub(1);
    enables.0.get(index).copied().unwrap_or_default()
}
