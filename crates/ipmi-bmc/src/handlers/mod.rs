//! What the BMC does on each command. One file per family; the command's definition has already
//! settled who may run it and what its bytes mean.

mod app;
mod boot;
mod channel;
mod chassis;
mod dcmi;
mod firewall;
mod lan;
mod messages;
mod payload;
mod pef;
mod sensor;
mod session;
mod storage;
mod system_info;
mod user;
mod watchdog;

use crate::dispatch::Table;

/// Enters every handler into the table.
pub(crate) fn register(table: &mut Table) {
    app::register(table);
    session::register(table);
    channel::register(table);
    payload::register(table);
    user::register(table);
    chassis::register(table);
    boot::register(table);
    storage::register(table);
    sensor::register(table);
    pef::register(table);
    lan::register(table);
    watchdog::register(table);
    messages::register(table);
    system_info::register(table);
    dcmi::register(table);
    firewall::register(table);
}

#[cfg(test)]
mod tests {
    use ipmi_wire::registry;

    /// What other BMCs are asked, and no machine here has: there is no I²C bus, and nobody is alerted.
    const ASKED_ONLY: [&str; 3] = ["Master Write-Read", "Alert Immediate", "PET Acknowledge"];

    /// A command that both ends could share but only one does is a promise half kept.
    #[test]
    fn every_command_that_is_defined_is_served() {
        let served = crate::dispatch::served();
        let missing: Vec<_> = registry::all()
            .filter(|entry| !served.contains(&entry.id) && !ASKED_ONLY.contains(&entry.name))
            .collect();
        assert!(missing.is_empty(), "no handler for {missing:?}");
    }
}
