//! `mc`.

use ipmi_client::Bmc;
use ipmi_wire::cmd::app::{GetDeviceId, GetSelfTestResults, GetSystemGuid};

use super::Outcome;
use crate::cli::{Mc, Reset};
use crate::view::mc::{GuidView, Info, ResetView, SelfTestView};

pub(super) async fn run(command: &Mc, bmc: &Bmc) -> Outcome {
    Ok(match command {
        Mc::Info => Box::new(Info::from(&bmc.send(&GetDeviceId).await?)),
        Mc::Guid => Box::new(GuidView::from(&bmc.send(&GetSystemGuid).await?)),
        Mc::Selftest => Box::new(SelfTestView::from(bmc.send(&GetSelfTestResults).await?.result)),
        Mc::Reset { how } => {
            let done = match how {
                Reset::Cold => bmc.cold_reset().await?,
                Reset::Warm => bmc.warm_reset().await?,
            };
            Box::new(ResetView::new(*how, &done))
        }
    })
}
