//! Boot options. IPMI v2.0 §28.12 and §28.13.

use ipmi_wire::cmd::chassis::{
    BootParameter, GetSystemBootOptions, SetSystemBootOptions, SystemBootOptions,
};
use ipmi_wire::{Access, Privilege};

use crate::bmc::Bmc;
use crate::context::Context;
use crate::dispatch::{Outcome, Table};

pub(super) fn register(table: &mut Table) {
    table.on(set_system_boot_options).on(get_system_boot_options);
}

fn set_system_boot_options(
    bmc: &mut Bmc,
    context: &Context,
    request: SetSystemBootOptions,
) -> Outcome<()> {
    // Appendix G, note to this command: to go past the machine's passwords takes an administrator.
    if matches!(&request.value, Some(BootParameter::Flags(flags)) if flags.bypass_password) {
        context.origin.check(Access::Session(Privilege::Administrator))?;
    }
    bmc.boot.set(context, &request, &*bmc.platform, &mut bmc.journal)
}

fn get_system_boot_options(
    bmc: &mut Bmc,
    context: &Context,
    request: GetSystemBootOptions,
) -> Outcome<SystemBootOptions> {
    bmc.boot.get(context.now, request.selector, request.set)
}
