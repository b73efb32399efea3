<?php // Stands where a site of PHP has its front controller; the lab never runs it.
