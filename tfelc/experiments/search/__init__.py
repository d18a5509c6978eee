"""Search of settings: trials whose settings are drawn from a space, judged on the validation split."""
