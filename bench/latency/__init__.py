"""How much time and processor the backend itself adds, beside a bare relay in the same run."""
