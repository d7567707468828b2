//! Whose a sensor is. Records name sensors of satellite controllers, too, by the controller's slave
//! address and channel (IPMI v2.0 §43.1): those are asked over the BMC.

use std::collections::HashSet;

use ipmi_wire::bridge::Hop;
use ipmi_wire::sdr::SensorKey;

use super::{SensorInfo, Silence};
use crate::bmc::Bmc;
use crate::error::Error;

/// Controllers that could not be reached, in one sweep.
#[derive(Debug, Default)]
pub(super) struct OutOfReach(HashSet<Hop>);

impl OutOfReach {
    /// Takes in how asking for a sensor ended; whether its controller is out of reach.
    pub(super) fn note(&mut self, key: SensorKey, error: &Error) -> bool {
        error.is_behind_bmc() && self.0.insert(owner(key))
    }
}

impl Bmc {
    /// Whether this controller itself answers for a sensor of its records.
    pub(super) fn has_sensor(&self, info: &SensorInfo) -> bool {
        let assumed = self.route().is_none() && self.habits().assume_bmc_owner;
        assumed || self.is_self(info.key.owner_id)
    }

    /// A handle to the controller that has to be asked for a sensor; if there is none, why.
    pub(super) fn owner_of(&self, info: &SensorInfo, lost: &OutOfReach) -> Result<Self, Silence> {
        let owner = owner(info.key);
        if info.is_event_only() {
            Err(Silence::EventOnly)
        } else if self.has_sensor(info) {
            Ok(self.clone())
        } else if lost.0.contains(&owner) {
            Err(Silence::OutOfReach(owner.address))
        } else {
            self.neighbour(owner).ok_or(Silence::NotOurs(owner.address))
        }
    }
}

const fn owner(key: SensorKey) -> Hop {
    Hop { channel: key.channel(), address: key.owner_id }
}
