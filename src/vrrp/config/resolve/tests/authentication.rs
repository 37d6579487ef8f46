//! Passwords, and the keys of `auth_hmac`.

use std::time::Duration;

use super::{VIP, with};
use crate::control_plane::diag::Code;
use crate::vrrp::authentication::Authentication;

#[test]
fn authentication_is_of_version_2() {
    let pass = "authentication {\nauth_type PASS\nauth_pass secret12\n}";
    let (instance, told) = with(&format!("{pass}\n{VIP}"));
    assert_eq!(told, []);
    let instance = instance.expect("an instance");
    assert!(
        matches!(instance.authentication, Authentication::Pass(password) if password.0 == *b"secret12")
    );
    assert!(
        !format!("{instance:?}").contains("secret"),
        "passwords stay out of debug text"
    );
    let (instance, told) = with(&format!("version 3\n{pass}\n{VIP}"));
    assert_eq!(told, [(Code::General, "PASS".into())]);
    assert_eq!(
        instance.expect("an instance").authentication,
        Authentication::None
    );
    let (instance, told) = with(&format!("authentication {{\nauth_type AH\n}}\n{VIP}"));
    assert_eq!(told, [(Code::General, "AH".into())]);
    assert_eq!(
        instance.expect("an instance").authentication,
        Authentication::None
    );
}

#[test]
fn a_long_password_counts_with_eight_octets() {
    let (instance, told) = with(&format!(
        "authentication {{\nauth_type PASS\nauth_pass secret123\n}}\n{VIP}"
    ));
    assert_eq!(told, [(Code::General, "secret123".into())]);
    let instance = instance.expect("an instance");
    assert!(
        matches!(instance.authentication, Authentication::Pass(password) if password.0 == *b"secret12")
    );
}

#[test]
fn auth_hmac_fills_in_what_is_not_said() {
    let key = "key 7 kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";
    let of = |words: &str| with(&format!("auth_hmac {{\n{words}\n}}\n{VIP}"));
    let (instance, told) = of(&format!("{key}\nactive_key 7"));
    let hmac = instance.and_then(|instance| instance.auth_hmac);
    let hmac = hmac.expect("it is on");
    assert_eq!(told, []);
    assert_eq!((hmac.active_key, hmac.window), (7, Duration::from_secs(5)));
    assert!(!format!("{hmac:?}").contains("kkkk"), "no key in a dump");
    for off in [key.to_owned(), format!("{key}\nactive_key 8")] {
        let (instance, told) = of(&off);
        assert!(instance.is_some_and(|instance| instance.auth_hmac.is_none()));
        assert_eq!(told.len(), 1, "{off}");
    }
    assert_eq!(of("key 7 short\nactive_key 7").1.len(), 2);
}
