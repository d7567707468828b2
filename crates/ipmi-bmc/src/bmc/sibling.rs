//! More of the same: BMCs that share all they have in common.
//!
//! Records, inventory, log and users are shared until one of them changes its own, and what its
//! sensors are for ever: a thousand BMCs of one make are hardly more than a thousand states.

use std::collections::BTreeSet;
use std::time::Instant;

use ipmi_session::managed::Sessions;
use ipmi_wire::cmd::app::Guid;

use super::{Bmc, ON_TIME_INTERVAL};
use crate::acpi::Acpi;
use crate::dcmi::Dcmi;
use crate::faults::Faults;
use crate::feed::Feed;
use crate::lan::{Network, Statistics};
use crate::messages::Messages;
use crate::nvram::Journal;
use crate::partial::PartialAdd;
use crate::platform::Platform;
use crate::users::{LanPolicy, Lockouts};
use crate::watchdog::Watchdog;

impl Bmc {
    /// Another BMC, which starts at `now` at another machine: with this one's users, records,
    /// inventory, log and settings as they are now, but in a network of its own as delivered, and
    /// with nothing of what it has in hand. It keeps
    /// nothing, whatever this one does. Its sensors are not scanned before anybody asks, or
    /// [`handle_timeout`](Self::handle_timeout) is called.
    #[must_use]
    pub fn sibling(
        &self,
        now: Instant,
        guid: Guid,
        network: Network,
        platform: Box<dyn Platform>,
    ) -> Self {
        let mut lan = LanPolicy { network, ..self.lan.clone() };
        let lan_config = self.lan_config.sibling(&lan);
        lan_config.enforce(&mut lan);
        let mut sessions = Sessions::new(*self.sessions.limits());
        sessions.set_quirks(self.sessions.quirks());
        // Whoever adds a field decides here whether it goes with the make or with the machine.
        let mut bmc = Self {
            device_id: self.device_id,
            guid,
            users: self.users.clone(),
            lockouts: Lockouts::default(),
            dcmi: Dcmi::sibling(now, lan.network.mac),
            pef: self.pef.sibling(),
            sol_config: self.sol_config.sibling(lan.network.port),
            serial: None,
            lan,
            lan_config,
            statistics: Statistics::default(),
            lan_access: self.lan_access.clone(),
            lan_key: self.lan_key.clone(),
            sessions,
            chassis: self.chassis.sibling(now),
            restore_policy: self.restore_policy,
            boot: self.boot.sibling(),
            watchdog: Watchdog::default(),
            messages: Messages::default(),
            system_interface: self.system_interface,
            acpi: Acpi::default(),
            system_info: self.system_info.sibling(),
            firewall: self.firewall.clone(),
            sdr: self.sdr.clone(),
            device_sdr: self.device_sdr.clone(),
            partial_sdr: PartialAdd::default(),
            sel: self.sel.sibling(),
            partial_event: PartialAdd::default(),
            clock: self.clock.sibling(now),
            inventory: self.inventory.clone(),
            sensors: self.sensors.sibling(now),
            platform,
            cold_reset_pending: None,
            cold_reset_time: self.cold_reset_time,
            dark_until: None,
            self_test: self.self_test,
            faults: Faults::new(self.faults()),
            journal: Journal::forgetful(),
            last_held: 0,
            failed_until: 0,
            unkept: None,
            noted_power: None,
            has_mains: true,
            overridden: BTreeSet::new(),
            feed: Feed::default(),
            note_on_time_at: now.checked_add(ON_TIME_INTERVAL).unwrap_or(now),
        };
        bmc.cancel_reservations();
        bmc
    }
}
