//! `auth_hmac` of one instance: keys read, defaults filled in, contradictions told.

use std::time::Duration;

use super::Resolver;
use crate::control_plane::diag::Code;
use crate::control_plane::value::Spanned;
use crate::model::Secret;
use crate::vrrp::authentication::Authentication;
use crate::vrrp::config::InstanceConfig;
use crate::vrrp::config::hmac::{HmacConfig, KeySource, WINDOW_MAX, check_length};
use crate::vrrp::hmac::Mode;

/// The shortest window in seconds where none is given.
const WINDOW_MIN: u64 = 5;

impl Resolver<'_> {
    /// Fill in [`InstanceConfig::auth_hmac`].
    pub(super) fn auth_hmac(&mut self, instance: &mut InstanceConfig) {
        let Some(block) = instance.given.hmac.block else {
            return;
        };
        let keys = self.keys(&instance.given.hmac.keys);
        let given = &instance.given.hmac;
        let Some(active) = given.active_key else {
            let text = "auth_hmac without active_key: there is no authentication";
            return self.error(block.span, text);
        };
        if !keys.iter().any(|(id, _)| *id == active.value) {
            let text = format!(
                "active_key {} is not one of the keys: there is no authentication",
                active.value
            );
            return self.error(active.span, text);
        }
        let own = (3 * instance.advert_interval.as_secs()).clamp(WINDOW_MIN, WINDOW_MAX);
        let window = given.time_window.map_or(own, u64::from);
        instance.auth_hmac = Some(HmacConfig {
            keys,
            active_key: active.value,
            window: Duration::from_secs(window),
            anti_replay: given.anti_replay,
            mode: self.mode(given.mode, instance.strict),
        });
        self.instead_of_password(instance);
    }

    /// Strict mode has no half measures.
    fn mode(&mut self, given: Option<Spanned<Mode>>, strict: bool) -> Mode {
        match given {
            Some(mode) if strict && mode.value != Mode::Enforce => {
                self.error(
                    mode.span,
                    "strict mode has only mode enforce, which is used",
                );
                Mode::Enforce
            }
            Some(mode) => mode.value,
            None => Mode::Enforce,
        }
    }

    fn instead_of_password(&mut self, instance: &mut InstanceConfig) {
        if instance.authentication == Authentication::None {
            return;
        }
        let name = instance.name.span;
        let span = instance.given.auth_type.map_or(name, |kind| kind.span);
        self.error(span, "auth_hmac replaces authentication, which is ignored");
        instance.authentication = Authentication::None;
    }

    fn keys(&mut self, given: &[(u8, Spanned<KeySource>)]) -> Vec<(u8, Secret)> {
        let mut keys = Vec::with_capacity(given.len());
        for (id, source) in given {
            match &source.value {
                KeySource::Octets(secret) => keys.push((*id, secret.clone())),
                KeySource::File(path) => match self.machine.key_file(path) {
                    Ok(file) => {
                        if file.others_may_read {
                            let text = format!(
                                "key {id}: group or others may read `{}`; chmod go= it",
                                path.display()
                            );
                            self.diags.error(Code::Security, source.span, text);
                        }
                        match check_length(file.octets.expose().len()) {
                            Ok(()) => keys.push((*id, file.octets)),
                            Err(text) => self.error(source.span, text),
                        }
                    }
                    Err(why) => {
                        let text = format!("key {id}: cannot read `{}`: {why}", path.display());
                        self.error(source.span, text);
                    }
                },
            }
        }
        keys
    }
}
