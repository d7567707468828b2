//! What the machine and its software are called. IPMI v2.0 §22.14a and §22.14b.

use ipmi_wire::cmd::app::{GetSystemInfoParameters, SetSystemInfoParameters, SystemInfo};

use crate::bmc::Bmc;
use crate::context::Context;
use crate::dispatch::{Outcome, Table};

pub(super) fn register(table: &mut Table) {
    table.on(set_system_info_parameters).on(get_system_info_parameters);
}

fn set_system_info_parameters(
    bmc: &mut Bmc,
    context: &Context,
    request: SetSystemInfoParameters,
) -> Outcome<()> {
    bmc.system_info.set(context, &request, &mut bmc.journal)
}

fn get_system_info_parameters(
    bmc: &mut Bmc,
    context: &Context,
    request: GetSystemInfoParameters,
) -> Outcome<SystemInfo> {
    bmc.system_info.get(context.now, &request)
}
