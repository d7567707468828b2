//! Users asked for several at a time, before their turn, where the BMC can be trusted with that.
//!
//! An answer does not say which user it is about; so, unless the BMC has shown that it does not mix its
//! answers up, one name of each batch is asked for again, alone: see [`together`](crate::together).

use std::collections::BTreeMap;

use futures_util::future::join_all;
use ipmi_wire::Channel;
use ipmi_wire::cmd::app::{GetUserAccess, UserAccess};
use ipmi_wire::session::Username;

use super::absent;
use crate::bmc::Bmc;
use crate::error::Error;
use crate::together::Trust;

/// Slots that are asked for at a time: most BMCs have ten or sixteen, with users in the first few.
const BATCH: u8 = 8;

#[derive(Debug)]
pub(super) struct Ahead<'a> {
    bmc: &'a Bmc,
    channel: Channel,
    slots: u8,
    names: BTreeMap<u8, Username>,
    accesses: BTreeMap<u8, Option<UserAccess>>,
}

impl<'a> Ahead<'a> {
    pub(super) fn new(bmc: &'a Bmc, channel: Channel, slots: u8) -> Self {
        let (names, accesses) = (BTreeMap::new(), BTreeMap::new());
        Self { bmc, channel, slots, names, accesses }
    }

    /// What the user `id` is called.
    pub(super) async fn name(&mut self, id: u8) -> Result<Username, Error> {
        if !self.names.contains_key(&id) {
            self.look_ahead(id).await?;
        }
        match self.names.remove(&id) {
            Some(name) => Ok(name),
            None => self.bmc.user_name(id).await,
        }
    }

    /// What the user `id` may do; `None` if the BMC does not tell.
    pub(super) async fn access(&mut self, id: u8) -> Result<Option<UserAccess>, Error> {
        match self.accesses.remove(&id) {
            Some(access) => Ok(access),
            None => self.ask_access(id, 1).await,
        }
    }

    async fn ask_access(&self, user_id: u8, abreast: u8) -> Result<Option<UserAccess>, Error> {
        let command = GetUserAccess { channel: self.channel, user_id };
        absent(self.bmc.send_abreast(0, &command, abreast).await)
    }

    async fn look_ahead(&mut self, from: u8) -> Result<(), Error> {
        let abreast = self.bmc.readings_abreast();
        let last = from.saturating_add(BATCH - 1).min(self.slots);
        if abreast < 2 || last <= from {
            return Ok(());
        }
        let asked = (from..=last).map(|id| self.bmc.user_name_abreast(id, abreast));
        let names: Vec<Username> = join_all(asked).await.into_iter().collect::<Result<_, _>>()?;
        let names: BTreeMap<u8, Username> = (from..=last).zip(names).collect();
        let named: Vec<u8> =
            names.iter().filter(|(_, name)| !name.is_empty()).map(|(id, _)| *id).collect();
        let asked = named.iter().map(|id| self.ask_access(*id, abreast));
        let accesses: Vec<_> = join_all(asked).await.into_iter().collect::<Result<_, _>>()?;
        if !self.is_confirmed(&names).await? {
            self.bmc.distrust("users");
            return Ok(());
        }
        self.names = names;
        self.accesses.extend(named.into_iter().zip(accesses));
        Ok(())
    }

    /// Whether the last user of those says the same when asked for alone: the first was asked for
    /// when nothing else was in flight. If there is none, a slot in the middle.
    async fn is_confirmed(&self, names: &BTreeMap<u8, Username>) -> Result<bool, Error> {
        if self.bmc.trust() == Trust::Sound {
            return Ok(true);
        }
        let named = names.iter().rev().find(|(_, name)| !name.is_empty());
        let Some((id, name)) = named.or_else(|| names.iter().nth(names.len() / 2)) else {
            return Ok(true);
        };
        Ok(self.bmc.user_name(*id).await? == *name)
    }
}
