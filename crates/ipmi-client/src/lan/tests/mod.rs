//! Against the machine in this process.

mod moving;
mod reading;
mod settings;
mod writing;

use std::net::Ipv4Addr;
use std::sync::Arc;

use ipmi_wire::Request;
use ipmi_wire::cmd::transport::SetLanConfigurationParameters;

use super::{LanSet, LanSetOptions, LanSetting};
use crate::error::Error;
use crate::fake::{Machine, is};

fn ip(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(192, 0, 2, last)
}

async fn set(machine: &Arc<Machine>, settings: &[LanSetting]) -> Result<LanSet, Error> {
    let bmc = machine.bmc();
    let channel = bmc.lan_channel(None).await?;
    let plan = bmc.plan_lan(channel, settings).await?;
    assert!(plan.impossible().is_empty(), "{:?}", plan.impossible());
    bmc.set_lan(&plan, LanSetOptions::default()).await
}

/// The selectors that were written, in their order, with the first byte of what was written.
fn written(machine: &Machine) -> Vec<(u8, u8)> {
    let world = machine.world();
    let sets = world.requests.iter().filter(|request| is_set(request));
    sets.map(|request| (request.data[1], request.data[2])).collect()
}

fn is_set(request: &Request) -> bool {
    is::<SetLanConfigurationParameters>(request)
}
