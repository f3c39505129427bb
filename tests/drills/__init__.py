"""The whole house under load while parts of it are killed: nothing acknowledged is ever lost."""
