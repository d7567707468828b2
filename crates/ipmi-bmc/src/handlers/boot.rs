//! Boot options. IPMI v2.0 §28.12 and §28.13.

use ipmi_wire::cmd::chassis::{GetSystemBootOptions, SetSystemBootOptions, SystemBootOptions};

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
    bmc.boot.set(context, &request, &*bmc.platform, &mut bmc.journal)
}

fn get_system_boot_options(
    bmc: &mut Bmc,
    context: &Context,
    request: GetSystemBootOptions,
) -> Outcome<SystemBootOptions> {
    bmc.boot.get(context.now, request.selector, request.set)
}
